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
	"strings"
)

const (
	newSession, newTagging = "/api/session", "/api/cis/tagging/"
	oldSession, oldTagging = "/rest/com/vmware/cis/session", "/rest/com/vmware/cis/tagging/"
)

// serveAPI answers sessions and tags by /api, too, as vCenter does since 7.0 U2; the simulator has them by /rest only. There ids stand in
// the path as id:<id>, also that of the category whose tags are listed, the action is called ~action, and answers are wrapped in a value.
func serveAPI(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == newSession {
			r.URL.Path = oldSession
		} else if rest, found := strings.CutPrefix(r.URL.Path, newTagging); found {
			service, id, _ := strings.Cut(rest, "/")
			if action := r.URL.Query().Get("action"); action != "" {
				r.URL.RawQuery = "~action=" + action
				if id == "" && action == "list-tags-for-category" {
					id = categoryOf(r)
				}
			}
			if id != "" {
				service += "/id:" + id
			}
			r.URL.Path = oldTagging + service
		} else {
			next.ServeHTTP(w, r)
			return
		}
		r.RequestURI = r.URL.RequestURI()
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		status, body := answer.Code, answer.Body.Bytes()
		var wrapped map[string]json.RawMessage
		if status == http.StatusOK && json.Unmarshal(body, &wrapped) == nil {
			value, ok := wrapped["value"]
			switch {
			case !ok:
				status, body = http.StatusNoContent, nil
			case bytes.Equal(value, []byte("null")):
				body = []byte("[]") // an empty list, which Go writes as null
			default:
				body = value
			}
			if r.Method == http.MethodPost && r.URL.Path == oldSession {
				status = http.StatusCreated
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

func categoryOf(r *http.Request) string {
	var about struct {
		Category string `json:"category_id"`
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &about) != nil {
		return ""
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
	return about.Category
}
