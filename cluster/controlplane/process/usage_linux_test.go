// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestUsageOf(t *testing.T) {
	before, err := UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}

	if before.Anonymous <= 0 || before.Resident <= before.Anonymous || before.PeakResident < before.Resident {
		t.Errorf("UsageOf(this process): want memory of which some is anonymous, and a peak, got %+v", before)
	}

	for after, deadline := before, time.Now().Add(time.Minute); after.CPU == before.CPU; {
		if time.Now().After(deadline) {
			t.Fatal("UsageOf(this process): no CPU time is counted")
		}

		if after, err = UsageOf(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUsageOfEnded(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}

	if u, err := UsageOf(cmd.Process.Pid); err == nil {
		t.Errorf("UsageOf(a process that has ended): want an error, got %+v", u)
	}
}
