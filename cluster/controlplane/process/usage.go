// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// ticksPerSecond is the unit of CPU time in /proc. Linux has shown this value on
// every architecture for decades, whatever its own clock does.
const ticksPerSecond = 100

// A Usage is what a process has used.
type Usage struct {
	// CPU time in user and kernel mode.
	CPU time.Duration
	// Resident and PeakResident memory in bytes, now and at most until now.
	Resident, PeakResident int64
	// Anonymous memory is what is resident and not of a file, such as the binary.
	Anonymous int64
}

// UsageOf returns what the process with the ID has used so far. Only Linux tells.
func UsageOf(pid int) (Usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, errors.Wrap(err, "cannot read the CPU time of a process")
	}

	// The name of the command, in parentheses, may hold anything.
	_, rest, _ := strings.Cut(string(stat), ") ")

	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return Usage{}, errors.Errorf("cannot read the CPU time of a process from %q", stat)
	}

	user, uerr := strconv.ParseInt(fields[11], 10, 64)
	kernel, kerr := strconv.ParseInt(fields[12], 10, 64)

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err := errors.Join(uerr, kerr, err); err != nil {
		return Usage{}, errors.Wrap(err, "cannot read what a process uses")
	}

	u := Usage{CPU: time.Duration(user+kernel) * time.Second / ticksPerSecond}

	for key, value := range map[string]*int64{"VmRSS:": &u.Resident, "VmHWM:": &u.PeakResident, "RssAnon:": &u.Anonymous} {
		// An entry that is missing is no 0: a process that has ended has no memory.
		_, after, _ := strings.Cut(string(status), "\n"+key)

		var kilobytes int64
		if _, err := fmt.Sscan(after, &kilobytes); err != nil {
			return Usage{}, errors.Wrapf(err, "cannot read %q of a process", key)
		}

		*value = kilobytes << 10
	}

	return u, nil
}
