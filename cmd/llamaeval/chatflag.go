package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// chatValue is the value of --chat, which may stand alone or say how the shots
// are given: turns (the default) or message.
type chatValue string

const (
	chatOff     chatValue = ""
	chatTurns   chatValue = "turns"
	chatMessage chatValue = "message"
)

func (v *chatValue) String() string { return string(*v) }

// IsBoolFlag lets the flag stand without a value, which is then "true".
func (v *chatValue) IsBoolFlag() bool { return true }

func (v *chatValue) Set(text string) error {
	switch text {
	case "true", string(chatTurns):
		*v = chatTurns
	case "false":
		*v = chatOff
	case string(chatMessage):
		*v = chatMessage
	default:
		return fmt.Errorf("%q is not turns or message: use --chat or --chat=message", text)
	}
	return nil
}

// switchFlag is a generic flag that does not take the next word as its value.
type switchFlag struct{ *cli.GenericFlag }

func (switchFlag) TakesValue() bool { return false }

// String is the flag's line in the help.
func (f switchFlag) String() string { return cli.FlagStringer(f) }

func chatFlag() cli.Flag {
	return switchFlag{&cli.GenericFlag{
		Name: "chat", Value: new(chatValue),
		Usage: "use the model's chat template, shots as turns; --chat=message: all in one message",
	}}
}

// chatOf says whether --chat is given, and asks for one message.
func chatOf(c *cli.Context) (chat, inOne bool) {
	v, _ := c.Generic("chat").(*chatValue)
	return v != nil && *v != chatOff, v != nil && *v == chatMessage
}
