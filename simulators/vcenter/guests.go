// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// guests gives every VM an operating system that boots. The simulator leaves "tools not installed" on all of them, and
// leaves empty some enumerations that pyVmomi cannot parse; both are put right here for VMs of the scenario and for those that
// clients create later, such as restored ones.
type guests struct {
	simulator.RegisterObject // nil: only the methods below are called
	registry                 *simulator.Registry
	bootTime                 time.Duration

	mu    sync.Mutex
	known map[types.ManagedObjectReference]*guest
	count int
}

type guest struct {
	hostname string
	tools    bool
	address  string
	boots    int // counts power-ons, so that a boot that was overtaken by a power-off changes nothing
}

func newGuests(registry *simulator.Registry, bootTime time.Duration) *guests {
	return &guests{registry: registry, bootTime: bootTime, known: map[types.ManagedObjectReference]*guest{}}
}

// Reference names the handler in the registry's table; there is no such managed object.
func (g *guests) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "GuestWatcher", Value: "guest-watcher"}
}

// describe says what the guest of a VM is; VMs that were never described have VMware Tools and are called like the VM.
func (g *guests) describe(ref types.ManagedObjectReference, hostname string, tools bool) {
	known := g.of(ref)
	g.mu.Lock()
	known.hostname, known.tools = hostname, tools
	g.mu.Unlock()
	if vm, ok := g.registry.Get(ref).(*simulator.VirtualMachine); ok {
		ctx := g.context()
		ctx.WithLock(vm, func() { g.apply(ctx, vm, false) })
	}
}

// bootNow ends the boot of a VM without waiting.
func (g *guests) bootNow(ref types.ManagedObjectReference) {
	if vm, ok := g.registry.Get(ref).(*simulator.VirtualMachine); ok {
		ctx := g.context()
		ctx.WithLock(vm, func() { g.apply(ctx, vm, true) })
	}
}

func (g *guests) of(ref types.ManagedObjectReference) *guest {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.known[ref]; !ok {
		g.count++
		// Addresses of the documentation's networks and of the one for benchmarks (RFC 2544).
		address := fmt.Sprintf("198.%d.%d.%d", 18+g.count/65536%2, g.count/256%256, g.count%256)
		g.known[ref] = &guest{tools: true, address: address}
	}
	return g.known[ref]
}

func (g *guests) context() *simulator.Context {
	return &simulator.Context{Map: g.registry, Context: context.Background()}
}

// taskMethods gives the methods that the tasks of VMs come from. The simulator's names for tasks ("PowerOn") are no
// methods of the API, and pyVim's WaitForTask breaks on them whenever it sees the task while it runs.
var taskMethods = map[string]string{
	"CreateVm": "CreateVM_Task", "RegisterVm": "RegisterVM_Task", "CloneVm": "CloneVM_Task", "ReconfigVm": "ReconfigVM_Task",
	"RelocateVm": "RelocateVM_Task", "PowerOn": "PowerOnVM_Task", "PowerOff": "PowerOffVM_Task", "Suspend": "SuspendVM_Task",
	"Reset": "ResetVM_Task", "Destroy": "Destroy_Task", "Rename": "Rename_Task", "CreateSnapshotEx": "CreateSnapshotEx_Task",
	"CreateSnapshot": "CreateSnapshot_Task", "RemoveSnapshot": "RemoveSnapshot_Task", "RemoveAllSnapshots": "RemoveAllSnapshots_Task",
	"RevertSnapshot": "RevertToCurrentSnapshot_Task", "RevertToSnapshot": "RevertToSnapshot_Task", "MoveIntoFolder": "MoveIntoFolder_Task",
}

// PutObject fills what a VM is born without, and names tasks; a task of another kind has no name, which the API allows.
func (g *guests) PutObject(_ *simulator.Context, obj mo.Reference) {
	if task, ok := obj.(*simulator.Task); ok {
		task.Info.Name = taskMethods[strings.TrimSuffix(task.Info.Name, "_Task")]
		return
	}
	vm, ok := obj.(*simulator.VirtualMachine)
	if !ok {
		return
	}
	for _, runtime := range []*types.VirtualMachineRuntimeInfo{&vm.Runtime, &vm.Summary.Runtime} {
		runtime.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
		runtime.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
	}
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGray
}

// attach makes controllers name the devices that are on them: of those that a client adds, the simulator names the keys that the client
// gave them for the length of its call, and tools that look for such a device end.
func attach(value any) {
	list, ok := value.(*types.ArrayOfVirtualDevice)
	if !ok {
		return
	}
	for _, device := range list.VirtualDevice {
		controller, ok := device.(types.BaseVirtualController)
		if !ok {
			continue
		}
		about := controller.GetVirtualController()
		about.Device = nil
		for _, other := range list.VirtualDevice {
			if attached := other.GetVirtualDevice(); attached.ControllerKey == about.Key && attached.Key != about.Key {
				about.Device = append(about.Device, attached.Key)
			}
		}
	}
}

// UpdateObject follows the power state. It runs while the VM is locked.
func (g *guests) UpdateObject(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	vm, ok := obj.(*mo.VirtualMachine)
	if !ok {
		return
	}
	for _, change := range changes {
		switch change.Name {
		case "config.hardware.device":
			attach(change.Val)
		case "name": // the last step of creating, registering or cloning
			g.apply(ctx, g.registry.Get(vm.Self), vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn)
			return
		case "runtime.powerState":
			g.apply(ctx, g.registry.Get(vm.Self), false)
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				g.boot(vm.Self)
			}
			return
		}
	}
}

// RemoveObject forgets a VM.
func (g *guests) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.known, ref)
}

// boot starts the guest: its tools run after the boot time, unless the VM was switched off or removed before.
func (g *guests) boot(ref types.ManagedObjectReference) {
	known := g.of(ref)
	g.mu.Lock()
	known.boots++
	mine := known.boots
	g.mu.Unlock()
	time.AfterFunc(g.bootTime, func() {
		vm, ok := g.registry.Get(ref).(*simulator.VirtualMachine)
		if !ok {
			return
		}
		ctx := g.context()
		ctx.WithLock(vm, func() {
			g.mu.Lock()
			current := known.boots == mine
			g.mu.Unlock()
			if current && vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				g.apply(ctx, vm, true)
			}
		})
	})
}
