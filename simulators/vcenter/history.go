// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// how many events the simulator keeps, which is also the most that it tells at once
const kept = 1000

// settle moves what the filling did into the past: the VMs of the scenario were configured, and the events about it written, a
// month before the first client comes. A client that compares times of changes with those of backups would find them all new.
func (g *guests) settle() {
	ctx := g.context()
	past := time.Now().AddDate(0, -1, 0)
	for _, entity := range g.registry.All("VirtualMachine") {
		vm, ok := entity.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		ctx.WithLock(vm, func() { vm.Config.Modified = past })
	}
	query := &types.QueryEvents{Filter: types.EventFilterSpec{MaxCount: kept}}
	if answer, ok := g.registry.EventManager().QueryEvents(ctx, query).(*methods.QueryEventsBody); ok && answer.Res != nil {
		for _, event := range answer.Res.Returnval {
			event.GetEvent().CreatedTime = past
		}
	}
}
