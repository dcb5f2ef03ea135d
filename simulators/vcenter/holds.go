// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
)

// method finds the name of a call in a SOAP request.
var method = regexp.MustCompile(`Body[^>]*>\s*<(?:\w+:)?(\w+)`)

// hold is what a test asks for: of the calls with these names, the one with this number (from 1) stops. Before it is carried out, and
// then it never is; or after, and then its answer is withheld.
type hold struct {
	Calls      []string `json:"calls"`
	Number     int      `json:"number"`
	CarriedOut bool     `json:"carried_out"`
}

// holds stops a client in the middle of a call, so that a test can kill it there.
type holds struct {
	mu       sync.Mutex
	asked    hold
	count    int
	held     bool
	released chan struct{}
}

func newHolds() *holds {
	return &holds{released: make(chan struct{})}
}

// ServeHTTP takes with PUT what is to be held, tells with GET how many such calls came and whether one is held, and lets go on DELETE.
func (h *holds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch r.Method {
	case http.MethodPut, http.MethodDelete:
		var asked hold
		if r.Method == http.MethodPut {
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		close(h.released)
		h.asked, h.count, h.held, h.released = asked, 0, false, make(chan struct{})
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"count": h.count, "held": h.held})
	}
}

// note counts a call; it answers whether this is the one to hold, whether it is carried out, and what ends the wait.
func (h *holds) note(name string) (bool, bool, chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.asked.Calls, name) {
		return false, true, nil
	}
	h.count++
	return h.count == h.asked.Number, h.asked.CarriedOut, h.released
}

func (h *holds) wait(released chan struct{}) {
	h.mu.Lock()
	h.held = true
	h.mu.Unlock()
	<-released
}

// around wraps the server: everything that is not held goes through.
func (h *holds) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sdk" {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		name := ""
		if found := method.FindSubmatch(body); found != nil {
			name = string(found[1])
		}
		held, carriedOut, released := h.note(name)
		if !held {
			next.ServeHTTP(w, r)
			return
		}
		if carriedOut {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		h.wait(released)
		http.Error(w, "held, and let go without an answer", http.StatusServiceUnavailable)
	})
}
