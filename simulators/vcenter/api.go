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

var emptyLists = strings.NewReplacer(`"tag_ids":null`, `"tag_ids":[]`, `"object_ids":null`, `"object_ids":[]`)

// apiCall is a call below /api/cis/tagging. named tells whether an id stands in its path.
type apiCall struct {
	method, service string
	named           bool
	action          string
}

// apiCalls are those that are served, each with the one key that its body must have: the vSphere Automation API takes no others, and answers
// 400 to a body with a key that is missing or not known.
var apiCalls = map[apiCall]string{
	{"GET", "category", false, ""}:                                      "",
	{"GET", "category", true, ""}:                                       "",
	{"GET", "tag", false, ""}:                                           "",
	{"GET", "tag", true, ""}:                                            "",
	{"POST", "tag", false, "list-tags-for-category"}:                    "category_id",
	{"POST", "tag-association", false, "list-attached-tags"}:            "object_id",
	{"POST", "tag-association", false, "list-attached-tags-on-objects"}: "object_ids",
	{"POST", "tag-association", false, "list-attached-objects-on-tags"}: "tag_ids",
	{"POST", "tag-association", true, "list-attached-objects"}:          "",
	{"POST", "tag-association", true, "attach"}:                         "object_id",
	{"POST", "tag-association", true, "detach"}:                         "object_id",
}

// toRest makes of a call below /api one below /rest; a status other than 200 refuses it. There ids stand in the path as id:<id>, also that of
// the category whose tags are listed, the action is called ~action, and answers are wrapped in a value.
func toRest(r *http.Request, path string) int {
	service, id, named := strings.Cut(path, "/")
	action := r.URL.Query().Get("action")
	key, ok := apiCalls[apiCall{r.Method, service, named, action}]
	if !ok || strings.HasPrefix(id, "id:") {
		return http.StatusNotFound
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return http.StatusBadRequest
	}
	var body map[string]json.RawMessage
	if key != "" && (json.Unmarshal(text, &body) != nil || len(body) != 1 || body[key] == nil) {
		return http.StatusBadRequest
	}
	if key == "category_id" {
		if json.Unmarshal(body[key], &id) != nil {
			return http.StatusBadRequest
		}
	}
	if key == "" || key == "category_id" {
		text = []byte("{}")
	}
	if action != "" {
		r.URL.RawQuery = "~action=" + action
	}
	if id != "" {
		service += "/id:" + id
	}
	r.URL.Path = oldTagging + service
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return http.StatusOK
}

// serveAPI answers sessions and tags by /api, too, as vCenter does since 7.0 U2; the simulator has them by /rest only.
func serveAPI(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == newSession {
			r.URL.Path = oldSession
		} else if rest, found := strings.CutPrefix(r.URL.Path, newTagging); found {
			if status := toRest(r, rest); status != http.StatusOK {
				http.Error(w, http.StatusText(status), status)
				return
			}
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
				body = []byte("[]") // an empty list, which the simulator writes as null
			default:
				body = []byte(emptyLists.Replace(string(value)))
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
