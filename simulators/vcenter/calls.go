// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// calls counts the calls of clients by method, so that tests can count round trips, and refuses those that a test wants refused
// and those that name a datastore or network that does not exist: the simulator would panic in a task, which ends the whole process.
type calls struct {
	mu      sync.Mutex
	count   map[string]int
	refused []string
}

func newCalls() *calls {
	return &calls{count: map[string]int{}}
}

func (c *calls) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count = map[string]int{}
}

// ServeHTTP answers GET with the counts, forgets them on DELETE, and takes with PUT the names of the calls that are refused from
// now on.
func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodDelete:
		c.reset()
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPut:
		var names []string
		if err := json.NewDecoder(r.Body).Decode(&names); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refused = names
		w.WriteHeader(http.StatusNoContent)
	default:
		c.mu.Lock()
		defer c.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(c.count)
	}
}

// note counts a call, and tells whether it is to be refused.
func (c *calls) note(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[name]++
	return slices.Contains(c.refused, name)
}

// countREST counts the requests to the REST API, too: by method, service and action, whatever object they are about. delay is
// what each of them takes longer.
func (c *calls) countREST(next http.Handler, delay time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/rest/") || strings.HasPrefix(r.URL.Path, "/api/") {
			service := r.URL.Path
			if strings.HasPrefix(path.Base(service), "id:") {
				service = path.Dir(service)
			}
			name := strings.TrimSpace(strings.Join([]string{r.Method, path.Base(service), r.URL.Query().Get("~action")}, " "))
			if c.note(name) {
				http.Error(w, "refused by the test", http.StatusServiceUnavailable)
				return
			}
			time.Sleep(delay)
		}
		next.ServeHTTP(w, r)
	})
}

// handle is called before each call is dispatched; nil, nil lets the simulator go on.
func (c *calls) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if c.note(method.Name) {
		return nil, &types.NoPermission{}
	}
	switch request := method.Body.(type) {
	case *types.AddCustomFieldDef:
		if request.MoType == "" {
			// For all kinds of objects. The simulator makes it the type of the attribute, too, and pyVmomi reads none without a type.
			request.MoType = "ManagedEntity"
		}
	case *types.CreateVM_Task:
		if request.Config.Files != nil && !storeExists(ctx, request.Config.Files.VmPathName) {
			return nil, &types.InvalidDatastorePath{DatastorePath: request.Config.Files.VmPathName}
		}
		return nil, checkDevices(ctx, request.Config.DeviceChange)
	case *types.ReconfigVM_Task:
		return nil, checkDevices(ctx, request.Spec.DeviceChange)
	}
	return nil, nil
}

func storeExists(ctx *simulator.Context, path string) bool {
	var parsed object.DatastorePath
	return parsed.FromString(path) && named(ctx, "Datastore", parsed.Datastore)
}

func named(ctx *simulator.Context, kind, name string) bool {
	for _, entity := range ctx.Map.All(kind) {
		if entity.Entity().Name == name {
			return true
		}
	}
	return false
}

func checkDevices(ctx *simulator.Context, changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	for i, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		if spec.Operation == types.VirtualDeviceConfigSpecOperationRemove || spec.Device == nil {
			continue
		}
		known := true
		switch backing := spec.Device.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			known = named(ctx, "Network", backing.DeviceName)
		case *types.VirtualDiskFlatVer2BackingInfo:
			known = backing.FileName == "" || storeExists(ctx, backing.FileName)
		}
		if !known {
			return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
		}
	}
	return nil
}
