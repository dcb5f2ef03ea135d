// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// apply writes what vCenter shows of a guest. The caller holds the VM's lock.
func (g *guests) apply(ctx *simulator.Context, obj mo.Reference, up bool) {
	vm, ok := obj.(*simulator.VirtualMachine)
	if !ok || vm.Guest == nil || vm.Config == nil {
		return
	}
	known := g.of(vm.Self)
	g.mu.Lock()
	about := *known
	g.mu.Unlock()
	if about.hostname == "" && about.tools {
		about.hostname = vm.Name
	}
	ctx.Update(vm, about.properties(vm, up))
}

// properties says what is seen of the guest: nothing but the tools' state unless it is up and has tools.
func (a guest) properties(vm *simulator.VirtualMachine, up bool) []types.PropertyChange {
	status, running, version := types.VirtualMachineToolsStatusToolsNotRunning, "guestToolsNotRunning", "guestToolsUnmanaged"
	heartbeat, state := types.ManagedEntityStatusGray, "notRunning"
	hostname, address := "", ""
	nics := a.nics(vm, up)
	switch {
	case !a.tools:
		status, version = types.VirtualMachineToolsStatusToolsNotInstalled, "guestToolsNotInstalled"
	case up:
		status, running = types.VirtualMachineToolsStatusToolsOk, "guestToolsRunning"
		heartbeat, state, hostname = types.ManagedEntityStatusGreen, "running", a.hostname
		for _, nic := range nics {
			if nic.Connected {
				address = a.address
			}
		}
	}
	return []types.PropertyChange{
		{Name: "guest.toolsStatus", Val: status},
		{Name: "guest.toolsRunningStatus", Val: running},
		{Name: "guest.toolsVersionStatus2", Val: version},
		{Name: "guest.guestState", Val: state},
		{Name: "guest.guestId", Val: vm.Config.GuestId},
		{Name: "guest.guestFullName", Val: vm.Config.GuestFullName},
		{Name: "guest.hostName", Val: hostname},
		{Name: "guest.ipAddress", Val: address},
		{Name: "guest.net", Val: nics},
		{Name: "summary.guest.toolsStatus", Val: status},
		{Name: "summary.guest.toolsRunningStatus", Val: running},
		{Name: "summary.guest.toolsVersionStatus2", Val: version},
		{Name: "summary.guest.hostName", Val: hostname},
		{Name: "summary.guest.ipAddress", Val: address},
		{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
		{Name: "guestHeartbeatStatus", Val: heartbeat},
	}
}

// nics follows the virtual cards: a card that is not connected has no address. The simulator would call all of them connected.
func (a guest) nics(vm *simulator.VirtualMachine, up bool) []types.GuestNicInfo {
	var nics []types.GuestNicInfo
	if !up || !a.tools {
		return nics
	}
	for _, device := range vm.Config.Hardware.Device {
		card, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		card0 := card.GetVirtualEthernetCard()
		nic := types.GuestNicInfo{
			MacAddress:     card0.MacAddress,
			DeviceConfigId: card0.Key,
			Connected:      card0.Connectable != nil && card0.Connectable.Connected,
		}
		if backing, ok := card0.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
			nic.Network = backing.DeviceName
		}
		if nic.Connected && len(nics) == 0 {
			nic.IpAddress = []string{a.address}
		}
		nics = append(nics, nic)
	}
	return nics
}
