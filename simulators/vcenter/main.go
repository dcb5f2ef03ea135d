// Copyright (c) Calligo
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Command vcsim serves one vCenter of the scenario file: govmomi's simulator, filled with the demo's hosts, folders and
// virtual machines. See README.md for its options and for what it adds to the simulator.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator" // tags
)

// options are the command line; the password comes from a file so that it is in no process list.
type options struct {
	scenario, vcenter, listen, certFile, keyFile string
	username, passwordFile, readyFile, dataDir   string
	generate, delay                              int
	bootTime                                     time.Duration
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.scenario, "scenario", "", "scenario file (YAML)")
	flag.StringVar(&o.vcenter, "vcenter", "", "name of the vCenter in the scenario that is served")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address and port; port 0 takes a free one")
	flag.StringVar(&o.certFile, "certfile", "", "certificate (PEM)")
	flag.StringVar(&o.keyFile, "keyfile", "", "private key of the certificate (PEM)")
	flag.StringVar(&o.username, "username", "", "the one user who may log in")
	flag.StringVar(&o.passwordFile, "password-file", "", "file that holds the password")
	flag.StringVar(&o.readyFile, "ready-file", "", "JSON file to write once requests are served: hostname, port, pid")
	flag.StringVar(&o.dataDir, "data-dir", "", "directory for the datastores' files; a temporary one, removed at the end, if empty")
	flag.IntVar(&o.generate, "generate", 0, "also make this many VMs in the folder Generated, for benchmarks")
	flag.IntVar(&o.delay, "delay", 0, "milliseconds that every call takes longer")
	flag.DurationVar(&o.bootTime, "boot-time", 1200*time.Millisecond, "time from power-on until VMware Tools run")
	flag.Parse()
	return o
}

func (o options) check() error {
	for _, option := range [][2]string{
		{"scenario", o.scenario}, {"vcenter", o.vcenter}, {"certfile", o.certFile}, {"keyfile", o.keyFile},
		{"username", o.username}, {"password-file", o.passwordFile},
	} {
		if option[1] == "" {
			return fmt.Errorf("option -%s is missing", option[0])
		}
	}
	return nil
}

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	log.SetOutput(quiet{})
	if err := run(parseOptions()); err != nil {
		log.Fatalf("vcsim: %s", err)
	}
}

// quiet leaves out what the simulator logs of each VM with two disks: it finds a free file name by trying.
type quiet struct{}

func (quiet) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("*types.FileAlreadyExists: ")) {
		return len(line), nil
	}
	return os.Stderr.Write(line)
}

func run(o options) error {
	if err := o.check(); err != nil {
		return err
	}
	// Asked for before the work starts, so that a signal during the filling still removes the temporary directory.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	spec, err := loadVCenter(o.scenario, o.vcenter)
	if err != nil {
		return err
	}
	if o.dataDir == "" {
		if o.dataDir, err = os.MkdirTemp("", "vcsim-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dataDir)
	} else if err = os.MkdirAll(o.dataDir, 0o700); err != nil {
		return err
	}
	if o.dataDir, err = filepath.Abs(o.dataDir); err != nil {
		return err
	}
	// The simulator's own temporary files go the same way.
	if err = os.Setenv("TMPDIR", o.dataDir); err != nil {
		return err
	}

	// Failing to listen is told in one line here; the simulator would panic.
	address, err := freeAddress(o.listen)
	if err != nil {
		return err
	}
	model := emptyModel()
	defer model.Remove()
	server, err := serve(ctx, model, spec, o, address)
	if err != nil {
		return err
	}
	defer server.Close()
	if err = announce(o.readyFile, server.URL); err != nil {
		return err
	}
	log.Printf("%s: %d VMs at %s", spec.Name, model.Count().Machine, server.URL.Host)
	<-ctx.Done()
	return nil
}

// emptyModel is a vCenter with nothing in it: all its objects come from the scenario.
func emptyModel() *simulator.Model {
	model := simulator.VPX()
	model.Datacenter, model.Portgroup, model.Host, model.Cluster = 0, 0, 0, 0
	model.ClusterHost, model.Datastore, model.Machine = 0, 0, 0
	// The simulator's own default is 6.5, which clients of today refuse or treat as old.
	about := &model.ServiceContent.About
	about.Name, about.FullName = "VMware vCenter Server", "VMware vCenter Server 8.0.3 (simulated)"
	about.Version, about.ApiVersion, about.LicenseProductVersion = "8.0.3", "8.0.3.0", "8.0"
	return model
}

// serve fills the model, then opens it to clients; tags can only be made over HTTP, hence afterwards.
func serve(ctx context.Context, model *simulator.Model, spec *vcenterSpec, o options, address string) (*simulator.Server, error) {
	if err := model.Create(); err != nil {
		return nil, err
	}
	password, err := os.ReadFile(o.passwordFile)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
	if err != nil {
		return nil, err
	}
	guests := newGuests(model.Map(), o.bootTime)
	model.Map().AddHandler(guests)
	place, err := newSite(ctx, model, spec, guests, o.dataDir)
	if err != nil {
		return nil, err
	}
	refs, err := place.fill()
	if err != nil {
		return nil, err
	}
	if err = place.generate(o.generate); err != nil {
		return nil, err
	}

	guests.settle()
	watchAnswers(model.Map())

	calls := newCalls()
	model.Map().Handler = calls.handle
	service := model.Service
	service.ServeMux = http.NewServeMux()
	service.ServeMux.Handle("/calls", calls)
	service.ServeMux.Handle("/answers", switches{model.Map()})
	held := newHolds()
	service.ServeMux.Handle("/holds", held)
	service.RegisterEndpoints = true
	service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	service.Listen = &url.URL{Host: address, User: url.UserPassword(o.username, strings.TrimSpace(string(password)))}
	server := service.NewServer()
	server.Config.Handler = held.around(serveAPI(calls.countREST(fixFetch(server.Config.Handler), time.Duration(o.delay)*time.Millisecond)))
	if err = tagVMs(ctx, server.URL, o.certFile, spec, refs); err != nil {
		server.Close()
		return nil, fmt.Errorf("tags: %w", err)
	}
	calls.reset()
	model.DelayConfig.Delay = o.delay
	return server, nil
}

func freeAddress(listen string) (string, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer listener.Close()
	if address, ok := listener.Addr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		return "", errors.New("-listen takes a loopback address only: this is a simulator")
	}
	return listener.Addr().String(), nil
}

// announce writes the ready file in one step, so that a reader never sees half of it.
func announce(path string, address *url.URL) error {
	if path == "" {
		return nil
	}
	host, portText, err := net.SplitHostPort(address.Host)
	if err != nil {
		return err
	}
	port, err := net.LookupPort("tcp", portText)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"hostname": host, "port": port, "pid": os.Getpid()})
	if err != nil {
		return err
	}
	if err = os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
