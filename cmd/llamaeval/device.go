package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/runner"
)

const autoDevice = "auto"

func deviceFlag() cli.Flag {
	return &cli.StringFlag{Name: "device", Usage: "the `DEVICE`: auto (a GPU where there is one), cpu, cuda, cuda:1, cuda:0,1", Value: autoDevice}
}

// checkDevice refuses a device or mode that there is not, before anything is
// loaded.
func checkDevice(device, mode string) error {
	if mode != model.Exact && mode != model.Fast {
		return usagef("--mode %s is neither exact nor fast: use one of them", mode)
	}
	if device == autoDevice || device == model.CPU {
		return nil
	}
	if _, err := model.ParseDevices(device); err != nil {
		return usagef("--device %s %v", device, err)
	}
	if err := cuda.Available(); err != nil {
		return fmt.Errorf("--device %s: %w%s", device, err, gpuHelp())
	}
	return nil
}

// gpuHelp says what helps where a program that could use GPUs finds none.
func gpuHelp() string {
	if !cuda.Built {
		return "" // the error has said it
	}
	return "; llamaeval doctor says more; --device cpu needs no GPU"
}

// openOn opens a checkpoint on a device. auto is the first GPU where there is
// one that takes the model, else the processor.
func openOn(c *cli.Context, device, name, mode string, threads int) (*runner.Local, error) {
	if device != autoDevice {
		devices, err := model.ParseDevices(device)
		if err != nil {
			return nil, usagef("--device %s %v", device, err)
		}
		l, err := openNamed(c, name, mode, threads, devices)
		if err != nil && devices[0] != model.CPU {
			return nil, fmt.Errorf("--device %s: %w", device, err)
		}
		return l, err
	}
	if !cuda.Built {
		return openNamed(c, name, mode, threads, nil)
	}
	err := cuda.Available()
	if err == nil {
		var l *runner.Local
		if l, err = openNamed(c, name, mode, threads, []string{model.CUDA}); err == nil {
			return l, nil
		}
	}
	l, failed := openNamed(c, name, mode, threads, nil)
	if failed == nil {
		notice(c)("no GPU is used: " + err.Error())
	}
	return l, failed
}

// boundCache leaves a GPU's cache to what is free there, unless --memory says
// otherwise.
func boundCache(c *cli.Context, job *runner.Job) {
	if job.Local.Model.Device().Kind != model.CPU && c.String("memory") == "" {
		job.Memory = 0
	}
}
