// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// Large enough that the disks of a benchmark fit: the disks' files are empty, their sizes are only numbers.
const datastoreBytes = int64(1) << 50

// site is what VMs are placed on.
type site struct {
	ctx     context.Context
	model   *simulator.Model
	root    *object.Folder // the datacenter's vm folder
	pool    *object.ResourcePool
	hosts   map[string]*object.HostSystem
	folders map[string]*object.Folder
	vApps   map[string]types.ManagedObjectReference
	spec    *vcenterSpec
	guests  *guests
}

// fill makes everything of the scenario but the tags; it returns the VMs' references by name.
func (s *site) fill() (map[string]types.ManagedObjectReference, error) {
	for _, path := range s.spec.Folders {
		if _, err := s.folder(path); err != nil {
			return nil, fmt.Errorf("folder %s: %w", path, err)
		}
	}
	refs := map[string]types.ManagedObjectReference{}
	for _, vm := range s.spec.VMs {
		var err error
		if refs[vm.Name], err = s.makeVM(vm); err != nil {
			return nil, fmt.Errorf("VM %s: %w", vm.Name, err)
		}
	}
	return refs, nil
}

func newSite(ctx context.Context, model *simulator.Model, spec *vcenterSpec, known *guests, dataDir string) (*site, error) {
	client, err := vim25.NewClient(ctx, model.Service)
	if err != nil {
		return nil, err
	}
	datacenter, err := object.NewRootFolder(client).CreateDatacenter(ctx, spec.Datacenter)
	if err != nil {
		return nil, err
	}
	folders, err := datacenter.Folders(ctx)
	if err != nil {
		return nil, err
	}
	s := &site{
		ctx: ctx, model: model, root: folders.VmFolder, spec: spec, guests: known,
		hosts: map[string]*object.HostSystem{}, folders: map[string]*object.Folder{},
		vApps: map[string]types.ManagedObjectReference{},
	}
	cluster, err := folders.HostFolder.CreateCluster(ctx, spec.Cluster, types.ClusterConfigSpecEx{})
	if err != nil {
		return nil, err
	}
	for _, name := range spec.Hosts {
		if err = s.addHost(cluster, name); err != nil {
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
	}
	if s.pool, err = cluster.ResourcePool(ctx); err != nil {
		return nil, err
	}
	if err = s.addNetworks(cluster); err != nil {
		return nil, err
	}
	return s, s.addDatastores(filepath.Join(dataDir, "datastores"))
}

func (s *site) addHost(cluster *object.ClusterComputeResource, name string) error {
	task, err := cluster.AddHost(s.ctx, types.HostConnectSpec{HostName: name}, true, nil, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(s.ctx, nil)
	if err != nil {
		return err
	}
	s.hosts[name] = object.NewHostSystem(cluster.Client(), info.Result.(types.ManagedObjectReference))
	return nil
}

// addNetworks makes a port group for each network. The simulator makes one object of the networks of the same name on all
// hosts of a datacenter only for the first host, so the others are given it here.
func (s *site) addNetworks(cluster *object.ClusterComputeResource) error {
	first := s.hosts[s.spec.Hosts[0]]
	system, err := first.ConfigManager().NetworkSystem(s.ctx)
	if err != nil {
		return err
	}
	for _, name := range s.spec.Networks {
		if name == "VM Network" { // every host is born with it
			continue
		}
		if err = system.AddPortGroup(s.ctx, types.HostPortGroupSpec{Name: name, VswitchName: "vSwitch0"}); err != nil {
			return fmt.Errorf("network %s: %w", name, err)
		}
	}
	registry := s.model.Map()
	networks := registry.AllReference("Network")
	refs := make([]types.ManagedObjectReference, 0, len(networks))
	for _, network := range networks {
		refs = append(refs, network.Reference())
	}
	for _, host := range s.hosts {
		registry.Get(host.Reference()).(*simulator.HostSystem).Network = refs
	}
	registry.Get(cluster.Reference()).(*simulator.ClusterComputeResource).Network = refs
	return nil
}

func (s *site) addDatastores(dir string) error {
	for _, name := range s.spec.Datastores {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
		for _, host := range s.hosts {
			system, err := host.ConfigManager().DatastoreSystem(s.ctx)
			if err != nil {
				return err
			}
			if _, err = system.CreateLocalDatastore(s.ctx, name, path); err != nil {
				return fmt.Errorf("datastore %s: %w", name, err)
			}
		}
	}
	for _, entity := range s.model.Map().All("Datastore") {
		summary := &entity.(*simulator.Datastore).Summary
		summary.Type, summary.Capacity, summary.FreeSpace = "VMFS", datastoreBytes, datastoreBytes
	}
	return nil
}

// folder finds or makes the folder at a path below the vm folder of the datacenter.
func (s *site) folder(path string) (*object.Folder, error) {
	if path == "" {
		return s.root, nil
	}
	if known, ok := s.folders[path]; ok {
		return known, nil
	}
	parentPath, name := "", path
	if cut := strings.LastIndex(path, "/"); cut >= 0 {
		parentPath, name = path[:cut], path[cut+1:]
	}
	parent, err := s.folder(parentPath)
	if err != nil {
		return nil, err
	}
	made, err := parent.CreateFolder(s.ctx, name)
	if err != nil {
		return nil, err
	}
	s.folders[path] = made
	return made, nil
}
