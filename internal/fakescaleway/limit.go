// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"sync"
	"time"
)

// requestLimit counts the requests of API keys in the current second. The zero value has
// no limit.
type requestLimit struct {
	most int

	mu     sync.Mutex
	second int64
	keys   map[string]int
}

// exceeded counts a request, and tells whether it is one too many.
func (l *requestLimit) exceeded(key string, now time.Time) bool {
	if l.most == 0 {
		return false
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	if second := now.Unix(); second != l.second || l.keys == nil {
		l.second, l.keys = second, map[string]int{}
	}

	l.keys[key]++

	return l.keys[key] > l.most
}
