// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// tagVMs makes the scenario's tag categories and tags and attaches them. A VM names its tags as "Category/Tag".
func tagVMs(ctx context.Context, address *url.URL, certFile string, spec *vcenterSpec, refs map[string]types.ManagedObjectReference) error {
	if len(spec.Tags.Categories) == 0 {
		return nil
	}
	transport := soap.NewClient(address, false)
	if err := transport.SetRootCAs(certFile); err != nil { // trusts this very certificate
		return err
	}
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return err
	}
	session := rest.NewClient(client)
	if err = session.Login(ctx, address.User); err != nil {
		return err
	}
	defer func() { _ = session.Logout(context.WithoutCancel(ctx)) }()
	manager := tags.NewManager(session)
	made, err := makeTags(ctx, manager, spec.Tags.Categories)
	if err != nil {
		return err
	}
	for _, vm := range spec.VMs {
		for _, name := range vm.Tags {
			id, ok := made[name]
			if !ok {
				return fmt.Errorf("VM %s: no tag is named %q", vm.Name, name)
			}
			if err = manager.AttachTag(ctx, id, refs[vm.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeTags returns the tags' ids by "Category/Tag".
func makeTags(ctx context.Context, manager *tags.Manager, categories map[string][]string) (map[string]string, error) {
	made := map[string]string{}
	for category, names := range categories {
		if strings.Contains(category, "/") {
			return nil, fmt.Errorf("tag category %q: no slash, please", category)
		}
		id, err := manager.CreateCategory(ctx, &tags.Category{
			Name: category, Cardinality: "SINGLE", AssociableTypes: []string{"VirtualMachine"},
		})
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if made[category+"/"+name], err = manager.CreateTag(ctx, &tags.Tag{Name: name, CategoryID: id}); err != nil {
				return nil, err
			}
		}
	}
	return made, nil
}
