// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// told is how an object is told to clients, where that differs from what the simulator knows: what is wrong with a vCenter is mostly wrong
// with its answers, and the simulator itself cannot live without a VM's configuration.
type told struct {
	// State of a VM's connection. With any but "connected" there is no configuration and no guest, and nothing says that they are missing.
	State string `json:"state"`
	// Withheld properties are listed as missing for want of a permission, unset ones are not mentioned at all. "config" stands for all of it.
	Withheld []string `json:"withheld"`
	Unset    []string `json:"unset"`
	// Set gives properties another value: text, a truth value or a whole number (of 32 bits).
	Set map[string]any `json:"set"`
}

// answers are what clients are told, by object. There is one, since the simulator makes a property collector of its own for each session.
var answers = struct {
	sync.Mutex
	lasting map[types.ManagedObjectReference]told // from the scenario
	passing map[types.ManagedObjectReference]told // from PUT /answers
	pages   map[string][]types.PropertySpec       // what the pages that follow a token were asked for
}{
	lasting: map[types.ManagedObjectReference]told{},
	passing: map[types.ManagedObjectReference]told{},
	pages:   map[string][]types.PropertySpec{},
}

func tellAlways(ref types.ManagedObjectReference, what told) {
	answers.Lock()
	defer answers.Unlock()
	answers.lasting[ref] = what
}

// switches takes with PUT how objects are told from now on, by their names, instead of what it took before.
type switches struct {
	registry *simulator.Registry
}

func (s switches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var named map[string]told
	if r.Method != http.MethodPut {
		http.Error(w, "PUT only", http.StatusMethodNotAllowed)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&named); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found := map[types.ManagedObjectReference]told{}
	for name, what := range named {
		refs := s.named(name)
		if len(refs) == 0 {
			http.Error(w, fmt.Sprintf("nothing is named %q", name), http.StatusNotFound)
			return
		}
		for _, ref := range refs {
			found[ref] = what
		}
	}
	answers.Lock()
	defer answers.Unlock()
	answers.passing = found
	w.WriteHeader(http.StatusNoContent)
}

func (s switches) named(name string) []types.ManagedObjectReference {
	var refs []types.ManagedObjectReference
	for _, kind := range []string{"VirtualMachine", "HostSystem", "Folder", "Datastore", "Network", "VirtualApp", "ClusterComputeResource"} {
		for _, entity := range s.registry.All(kind) {
			if entity.Entity().Name == name {
				refs = append(refs, entity.Reference())
			}
		}
	}
	return refs
}

// propertyCollector is the simulator's, with its answers edited.
type propertyCollector struct {
	simulator.PropertyCollector
}

// watchAnswers puts the property collector in its place.
func watchAnswers(registry *simulator.Registry) {
	collector := &propertyCollector{}
	collector.Self = registry.Get(types.ManagedObjectReference{Type: "PropertyCollector", Value: "propertyCollector"}).Reference()
	registry.Put(collector)
}

func (c *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context, r *types.RetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.RetrievePropertiesEx(ctx, r)
	if body, ok := answer.(*methods.RetrievePropertiesExBody); ok && body.Res != nil && body.Res.Returnval != nil {
		var asked []types.PropertySpec
		for _, spec := range r.SpecSet {
			asked = append(asked, spec.PropSet...)
		}
		edit(body.Res.Returnval, asked)
	}
	return answer
}

func (c *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, r)
	if body, ok := answer.(*methods.ContinueRetrievePropertiesExBody); ok && body.Res != nil {
		answers.Lock()
		asked := answers.pages[r.Token]
		delete(answers.pages, r.Token)
		answers.Unlock()
		edit(&body.Res.Returnval, asked)
	}
	return answer
}

// edit makes of the simulator's answer what clients are told, and remembers for the next page what was asked for.
func edit(result *types.RetrieveResult, asked []types.PropertySpec) {
	answers.Lock()
	defer answers.Unlock()
	if result.Token != "" {
		answers.pages[result.Token] = asked
	}
	for i := range result.Objects {
		object := &result.Objects[i]
		for _, table := range []map[types.ManagedObjectReference]told{answers.lasting, answers.passing} {
			if what, ok := table[object.Obj]; ok {
				what.edit(object, asked)
			}
		}
	}
}

func (w told) edit(object *types.ObjectContent, asked []types.PropertySpec) {
	values := map[string]any{}
	for path, value := range w.Set {
		if number, ok := value.(float64); ok {
			value = int32(number)
		}
		values[path] = value
	}
	unset := w.Unset
	if w.State != "" {
		values["runtime.connectionState"] = types.VirtualMachineConnectionState(w.State)
		if w.State != "connected" {
			unset = append([]string{"config", "guest", "snapshot", "summary.config", "summary.guest"}, unset...)
		}
	}
	object.PropSet = slices.DeleteFunc(object.PropSet, func(p types.DynamicProperty) bool {
		_, replaced := values[p.Name]
		return replaced || within(p.Name, unset) || within(p.Name, w.Withheld)
	})
	for _, spec := range asked {
		if spec.Type != object.Obj.Type && spec.Type != "ManagedEntity" {
			continue
		}
		for _, path := range spec.PathSet {
			if value, ok := values[path]; ok {
				object.PropSet = append(object.PropSet, types.DynamicProperty{Name: path, Val: value})
			}
			if within(path, w.Withheld) {
				refusal := &types.NoPermission{Object: &object.Obj, PrivilegeId: "System.Read"}
				object.MissingSet = append(object.MissingSet, types.MissingProperty{
					Path: path, Fault: types.LocalizedMethodFault{Fault: refusal, LocalizedMessage: "Permission to perform this operation was denied."},
				})
			}
		}
	}
}

// within tells whether a property is one of these, or a part of one.
func within(path string, tops []string) bool {
	for _, top := range tops {
		if path == top || strings.HasPrefix(path, top+".") {
			return true
		}
	}
	return false
}

// intoVApp makes a VM a part of a vApp as vCenter tells it: the folder has the vApp in its place, and the VM has no parent. With the name of a
// pool it is in that resource pool below the vApp, and has no parentVApp either.
func (s *site) intoVApp(ref types.ManagedObjectReference, vapp types.ManagedObjectReference, pool string) error {
	registry := s.model.Map()
	vm := registry.Get(ref).(*simulator.VirtualMachine)
	folder := registry.Get(*vm.Parent).(*simulator.Folder)
	ctx := s.guests.context()
	ctx.WithLock(folder, func() {
		folder.ChildEntity = slices.DeleteFunc(folder.ChildEntity, func(c types.ManagedObjectReference) bool { return c == ref })
	})
	if pool, ok := registry.Get(*vm.ResourcePool).(*simulator.ResourcePool); ok {
		ctx.WithLock(pool, func() {
			pool.Vm = slices.DeleteFunc(pool.Vm, func(c types.ManagedObjectReference) bool { return c == ref })
		})
	}
	tellAlways(ref, told{Unset: []string{"parent"}})
	app := registry.Get(vapp).(*simulator.VirtualApp)
	if pool == "" {
		ctx.WithLock(app, func() { app.Vm = append(app.Vm, ref) })
		ctx.WithLock(vm, func() { vm.ParentVApp, vm.ResourcePool = &vapp, &vapp })
		return nil
	}
	request := &types.CreateResourcePool{This: vapp, Name: pool, Spec: types.DefaultResourceConfigSpec()}
	outer := &simulator.ResourcePool{ResourcePool: app.ResourcePool} // as the simulator makes a vApp in a vApp
	answer := outer.CreateResourcePool(ctx, request).(*methods.CreateResourcePoolBody)
	if answer.Res == nil {
		return fmt.Errorf("pool %s: %v", pool, answer.Fault())
	}
	made := answer.Res.Returnval
	app.ResourcePool.ResourcePool = append(app.ResourcePool.ResourcePool, made)
	inner := registry.Get(made).(*simulator.ResourcePool)
	ctx.WithLock(inner, func() { inner.Vm = append(inner.Vm, ref) })
	ctx.WithLock(vm, func() { vm.ResourcePool = &made })
	return nil
}

// vApp finds or makes the vApp at a path such as "shop" or "shop/web", of which the second lies in the first, in a VM folder.
func (s *site) vApp(folder, path string) (types.ManagedObjectReference, error) {
	key := folder + "//" + path
	if known, ok := s.vApps[key]; ok {
		return known, nil
	}
	place, err := s.folder(folder)
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	registry := s.model.Map()
	parent, name, nested := s.pool.Reference(), path, false
	if cut := strings.LastIndex(path, "/"); cut >= 0 {
		nested, name = true, path[cut+1:]
		if parent, err = s.vApp(folder, path[:cut]); err != nil {
			return types.ManagedObjectReference{}, err
		}
	}
	where := place.Reference()
	request := &types.CreateVApp{This: parent, Name: name, ResSpec: types.DefaultResourceConfigSpec(), VmFolder: &where}
	var answer soap.HasFault
	switch pool := registry.Get(parent).(type) {
	case *simulator.ResourcePool:
		answer = pool.CreateVApp(s.guests.context(), request)
	case *simulator.VirtualApp:
		answer = pool.CreateVApp(s.guests.context(), request)
	default:
		return types.ManagedObjectReference{}, fmt.Errorf("%s is no resource pool", parent.Value)
	}
	body, ok := answer.(*methods.CreateVAppBody)
	if !ok || body.Res == nil {
		return types.ManagedObjectReference{}, fmt.Errorf("vApp %s: %v", path, answer.Fault())
	}
	made := body.Res.Returnval
	app := registry.Get(made).(*simulator.VirtualApp)
	if nested {
		app.ParentVApp = &parent
		outer := registry.Get(parent).(*simulator.VirtualApp)
		if !slices.Contains(outer.ResourcePool.ResourcePool, made) { // the simulator notes it in a copy only
			outer.ResourcePool.ResourcePool = append(outer.ResourcePool.ResourcePool, made)
		}
		tellAlways(made, told{Unset: []string{"parentFolder"}}) // the simulator needs it, and vCenter tells it of outer vApps only
	} else {
		top := registry.Get(where).(*simulator.Folder)
		top.ChildEntity = append(top.ChildEntity, made)
	}
	s.vApps[key] = made
	return made, nil
}

var _ mo.Reference = (*propertyCollector)(nil)
