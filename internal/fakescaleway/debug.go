// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// handleDebug adds what WithDebug serves. It needs no key, and is not logged.
func (s *Server) handleDebug() {
	s.mux.HandleFunc("GET /_fake/objects", func(w http.ResponseWriter, _ *http.Request) {
		objects := map[Kind][]json.RawMessage{}
		for kind := range s.kinds {
			objects[kind] = s.Objects(kind)
		}
		writeDebug(w, http.StatusOK, map[string]any{"alive": s.Alive(), "objects": objects})
	})
	s.mux.HandleFunc("GET /_fake/requests", func(w http.ResponseWriter, _ *http.Request) {
		writeDebug(w, http.StatusOK, map[string]any{"total": s.Count("", ""), "counts": s.Counts()})
	})
	s.mux.HandleFunc("POST /_fake/verify", func(w http.ResponseWriter, r *http.Request) {
		token, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeDebug(w, http.StatusBadRequest, map[string]any{"message": err.Error()})
			return
		}
		claims, err := s.VerifyToken(strings.TrimSpace(string(token)))
		if err != nil {
			writeDebug(w, http.StatusBadRequest, map[string]any{"message": err.Error()})
			return
		}
		writeDebug(w, http.StatusOK, claims)
	})
}

func writeDebug(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // The client may be gone.
}
