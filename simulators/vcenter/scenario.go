// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// The part of the scenario file that concerns vCenter. Keys of other parts are left alone.
type scenario struct {
	VCenters []vcenterSpec `yaml:"vcenters"`
}

type vcenterSpec struct {
	Name       string   `yaml:"name"`
	Datacenter string   `yaml:"datacenter"`
	Cluster    string   `yaml:"cluster"`
	Hosts      []string `yaml:"hosts"`
	Datastores []string `yaml:"datastores"`
	Networks   []string `yaml:"networks"`
	Folders    []string `yaml:"folders"`
	Tags       struct {
		Categories map[string][]string `yaml:"categories"`
	} `yaml:"tags"`
	VMs []vmSpec `yaml:"vms"`
}

type vmSpec struct {
	Name          string     `yaml:"name"`
	Folder        string     `yaml:"folder"`
	Host          string     `yaml:"host"`
	CPUs          int32      `yaml:"cpus"`
	MemoryMB      int64      `yaml:"memory_mb"`
	GuestID       string     `yaml:"guest_id"`
	GuestHostname string     `yaml:"guest_hostname"`
	Tools         string     `yaml:"tools"`
	Power         string     `yaml:"power"`
	Disks         []diskSpec `yaml:"disks"`
	NICs          []nicSpec  `yaml:"nics"`
	CDROM         bool       `yaml:"cdrom"`
	Firmware      string     `yaml:"firmware"`
	SecureBoot    bool       `yaml:"secure_boot"`
	TPM           bool       `yaml:"tpm"`
	Version       string     `yaml:"hardware_version"`
	Annotation    string     `yaml:"annotation"`
	CPU           *shareSpec `yaml:"cpu"`
	Memory        *shareSpec `yaml:"memory"`
	Tags          []string   `yaml:"tags"`
	VApp          string     `yaml:"vapp"`
	Pool          string     `yaml:"pool"`
	State         string     `yaml:"state"`
	Withheld      []string   `yaml:"withheld"`
}

// shareSpec is what a VM gets of CPU (MHz) or memory (MB); no limit if that is 0, shares by their level.
type shareSpec struct {
	Reservation int64  `yaml:"reservation"`
	Limit       int64  `yaml:"limit"`
	Shares      string `yaml:"shares"`
}

type diskSpec struct {
	SizeGB    int64  `yaml:"size_gb"`
	Datastore string `yaml:"datastore"`
	Mode      string `yaml:"mode"`
}

type nicSpec struct {
	Network string `yaml:"network"`
}

func loadVCenter(path, name string) (*vcenterSpec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all scenario
	if err = yaml.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range all.VCenters {
		if all.VCenters[i].Name == name {
			return &all.VCenters[i], all.VCenters[i].check()
		}
	}
	return nil, fmt.Errorf("%s: no vCenter is named %q", path, name)
}

// check finds mistakes of the scenario's author, which the simulator would answer with a panic.
func (v *vcenterSpec) check() error {
	if len(v.Hosts) == 0 || len(v.Datastores) == 0 || len(v.Networks) == 0 {
		return fmt.Errorf("%s: hosts, datastores and networks are needed", v.Name)
	}
	for _, vm := range v.VMs {
		for _, disk := range vm.Disks {
			if disk.Datastore != "" && !contains(v.Datastores, disk.Datastore) {
				return fmt.Errorf("%s: VM %s: no datastore is named %q", v.Name, vm.Name, disk.Datastore)
			}
		}
		for _, nic := range vm.NICs {
			if !contains(v.Networks, nic.Network) {
				return fmt.Errorf("%s: VM %s: no network is named %q", v.Name, vm.Name, nic.Network)
			}
		}
		if vm.Host != "" && !contains(v.Hosts, vm.Host) {
			return fmt.Errorf("%s: VM %s: no host is named %q", v.Name, vm.Name, vm.Host)
		}
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, known := range names {
		if known == name {
			return true
		}
	}
	return false
}
