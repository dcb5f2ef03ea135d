// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// makeVM creates one VM and brings it to its power state.
func (s *site) makeVM(vm vmSpec) (types.ManagedObjectReference, error) {
	var none types.ManagedObjectReference
	folder, err := s.folder(vm.Folder)
	if err != nil {
		return none, err
	}
	config, err := s.configOf(vm)
	if err != nil {
		return none, err
	}
	task, err := folder.CreateVM(s.ctx, config, s.pool, s.hosts[vm.Host])
	if err != nil {
		return none, err
	}
	result, err := s.wait(task)
	if err != nil {
		return none, err
	}
	ref := result.(types.ManagedObjectReference)
	s.guests.describe(ref, vm.GuestHostname, vm.Tools != "notInstalled")
	if vm.VApp != "" {
		app, err := s.vApp(vm.Folder, vm.VApp)
		if err != nil {
			return none, err
		}
		if err = s.intoVApp(ref, app, vm.Pool); err != nil {
			return none, err
		}
	}
	if vm.State != "" || len(vm.Withheld) > 0 {
		tellAlways(ref, told{State: vm.State, Withheld: vm.Withheld, Unset: s.unset(vm)})
	}
	if vm.Power != "on" {
		return ref, nil
	}
	if task, err = object.NewVirtualMachine(folder.Client(), ref).PowerOn(s.ctx); err != nil {
		return none, err
	}
	if _, err = s.wait(task); err != nil {
		return none, err
	}
	// The VMs of the scenario have been up for long when the first client comes.
	s.guests.bootNow(ref)
	return ref, nil
}

// unset is what the VM's place alone leaves unset.
func (s *site) unset(vm vmSpec) []string {
	if vm.VApp == "" {
		return nil
	}
	return []string{"parent"}
}

// wait looks at the task itself. The client's way of waiting sleeps so long between looks that a thousand VMs would take half
// a minute instead of a few seconds.
func (s *site) wait(task *object.Task) (types.AnyType, error) {
	running, ok := s.model.Map().Get(task.Reference()).(*simulator.Task)
	if !ok {
		return nil, fmt.Errorf("task %s is gone", task.Reference().Value)
	}
	ctx := s.guests.context()
	for {
		var info types.TaskInfo
		ctx.WithLock(running, func() { info = running.Info })
		switch info.State {
		case types.TaskInfoStateSuccess:
			return info.Result, nil
		case types.TaskInfoStateError:
			return nil, fmt.Errorf("%T", info.Error.Fault)
		}
		if s.ctx.Err() != nil {
			return nil, s.ctx.Err()
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (s *site) configOf(vm vmSpec) (types.VirtualMachineConfigSpec, error) {
	home := s.spec.Datastores[0]
	if len(vm.Disks) > 0 && vm.Disks[0].Datastore != "" {
		home = vm.Disks[0].Datastore
	}
	config := types.VirtualMachineConfigSpec{
		Name:                  vm.Name,
		GuestId:               vm.GuestID,
		NumCPUs:               vm.CPUs,
		MemoryMB:              vm.MemoryMB,
		ChangeTrackingEnabled: types.NewBool(true),
		Firmware:              vm.Firmware,
		Version:               vm.Version,
		Annotation:            vm.Annotation,
		CpuAllocation:         vm.CPU.allocation(),
		MemoryAllocation:      vm.Memory.allocation(),
		Files:                 &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s]", home)},
	}
	if vm.SecureBoot {
		config.BootOptions = &types.VirtualMachineBootOptions{EfiSecureBootEnabled: types.NewBool(true)}
	}
	devices, err := devicesOf(vm, home)
	if err != nil {
		return config, err
	}
	config.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return config, err
}

// allocation is complete, since the simulator keeps it as it is given; nil leaves the simulator's own.
func (s *shareSpec) allocation() *types.ResourceAllocationInfo {
	if s == nil {
		return nil
	}
	limit, level := s.Limit, types.SharesLevel(s.Shares)
	if limit == 0 {
		limit = -1
	}
	if level == "" {
		level = types.SharesLevelNormal
	}
	return &types.ResourceAllocationInfo{
		Reservation: &s.Reservation, Limit: &limit, ExpandableReservation: types.NewBool(false), Shares: &types.SharesInfo{Level: level},
	}
}

func devicesOf(vm vmSpec, home string) (object.VirtualDeviceList, error) {
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	// Each in the list before the next is made: a new device takes a key that the list does not have yet.
	devices = append(devices, scsi)
	ide, err := devices.CreateIDEController()
	if err != nil {
		return nil, err
	}
	devices = append(devices, ide)
	for i, spec := range vm.Disks {
		disk := newDisk(devices, scsi, spec, home)
		disk.DeviceInfo = &types.Description{Label: fmt.Sprintf("Hard disk %d", i+1)}
		devices = append(devices, disk)
	}
	for i, nic := range vm.NICs {
		card, err := newCard(vm.Name, i, nic.Network)
		if err != nil {
			return nil, err
		}
		devices = append(devices, card)
	}
	if vm.CDROM {
		drive, err := devices.CreateCdrom(ide.(*types.VirtualIDEController))
		if err != nil {
			return nil, err
		}
		drive.DeviceInfo = &types.Description{Label: "CD/DVD drive 1"}
		devices = append(devices, drive)
	}
	if vm.TPM {
		devices = append(devices, &types.VirtualTPM{VirtualDevice: types.VirtualDevice{Key: -11000}})
	}
	return devices, nil
}

// newCard makes a network card as vCenter would: the labels and addresses that the simulator chooses are odd, and its
// addresses are not unique.
func newCard(vmName string, index int, network string) (types.BaseVirtualDevice, error) {
	var devices object.VirtualDeviceList
	card, err := devices.CreateEthernetCard("vmxnet3", &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: network},
	})
	if err != nil {
		return nil, err
	}
	hash := fnv.New32a()
	_, _ = fmt.Fprintf(hash, "%s/%d", vmName, index)
	sum := hash.Sum32()
	nic := card.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	nic.Key = int32(-300 - index)
	nic.ControllerKey = 100 // the PCI controller that every VM has; its cards begin at unit 7
	nic.UnitNumber = types.NewInt32(int32(7 + index))
	nic.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", index+1)}
	nic.AddressType = "assigned"
	nic.MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|sum>>16&0x3f, sum>>8&0xff, sum&0xff)
	nic.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true}
	return card, nil
}

func newDisk(devices object.VirtualDeviceList, scsi types.BaseVirtualDevice, spec diskSpec, home string) *types.VirtualDisk {
	store := spec.Datastore
	if store == "" {
		store = home
	}
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.Key = devices.NewKey()
	disk.CapacityInKB = spec.SizeGB << 20
	disk.StorageIOAllocation = &types.StorageIOAllocationInfo{Limit: types.NewInt64(-1)}
	backing := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	// A bare datastore as the file's name lets the simulator choose the path in the VM's directory.
	backing.FileName = fmt.Sprintf("[%s]", store)
	if spec.Mode != "" {
		backing.DiskMode = spec.Mode
	}
	return disk
}

// generate makes VMs for benchmarks, spread over the hosts, a hundred to a sub-folder of "Generated". One after the other: the
// simulator's own tables are not safe against several at once.
func (s *site) generate(count int) error {
	for n := range count {
		name := fmt.Sprintf("gen-vm-%05d", n)
		store := s.spec.Datastores[n%len(s.spec.Datastores)]
		_, err := s.makeVM(vmSpec{
			Name: name, Folder: fmt.Sprintf("Generated/%03d", n/100), Host: s.spec.Hosts[n%len(s.spec.Hosts)],
			CPUs: 2, MemoryMB: 4096, GuestID: "ubuntu64Guest", GuestHostname: name, Power: "on",
			Disks: []diskSpec{{SizeGB: 40, Datastore: store}, {SizeGB: 100, Datastore: store}},
			NICs:  []nicSpec{{Network: s.spec.Networks[0]}},
			CDROM: true,
		})
		if err != nil {
			return fmt.Errorf("VM %s: %w", name, err)
		}
	}
	return nil
}
