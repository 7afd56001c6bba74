package runner

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/model"
)

// openModels opens a checkpoint on each device, all of one kind, as results
// may depend on that.
func openModels(path string, o LocalOptions) ([]*model.Model, error) {
	devices := o.Devices
	if len(devices) == 0 {
		devices = []string{model.CPU}
	}
	models := make([]*model.Model, len(devices))
	notice := oncePerText(o.Notice)
	var group errgroup.Group
	for i, device := range devices {
		group.Go(func() error {
			defer mapped.Guard()()
			m, err := model.Open(path, model.Options{Threads: o.Threads, Mode: o.Mode, Device: device, Notice: notice})
			models[i] = m
			return err
		})
	}
	err := group.Wait()
	for i, m := range models {
		if err == nil && m.ISA() != models[0].ISA() {
			err = fmt.Errorf("%s is of kind %s and %s of kind %s, which may not give the same bits: choose devices of one kind",
				devices[0], models[0].ISA(), devices[i], m.ISA())
		}
	}
	if err != nil {
		closeAll(models)
		return nil, err
	}
	return models, nil
}

// oncePerText passes on what several devices say, each text once.
func oncePerText(to func(string)) func(string) {
	var said sync.Map
	return func(text string) {
		if _, known := said.LoadOrStore(text, true); !known && to != nil {
			to(text)
		}
	}
}

func closeAll(models []*model.Model) error {
	var err error
	for _, m := range models {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
	}
	return err
}

// Models lists the model on every device.
func (l *Local) Models() []*model.Model { return append([]*model.Model{l.Model}, l.others...) }

// device describes what computes, for people.
func (l *Local) device() string {
	d, isa := l.Model.Device(), l.Model.ISA()
	name := d.Kind
	if d.Name != "" {
		name = d.Name
	}
	if n := 1 + len(l.others); n > 1 {
		return fmt.Sprintf("%d of %s (%s)", n, name, isa)
	}
	return fmt.Sprintf("%s (%s)", name, isa)
}
