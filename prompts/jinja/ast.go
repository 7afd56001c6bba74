package jinja

import "github.com/llamaeval/llamaeval/tasks/py"

// expr is an expression; eval is in eval.go.
type expr interface {
	eval(f *frame) (py.Value, error)
}

type (
	constExpr struct{ value py.Value }
	nameExpr  struct{ name string }
	listExpr  struct{ items []expr }
	tupleExpr struct{ items []expr }
	dictExpr  struct{ keys, values []expr }
	attrExpr  struct {
		object expr
		name   string
	}
	itemExpr struct{ object, index expr }
	// sliceExpr is an index a:b:c; absent parts are nil.
	sliceExpr struct{ object, start, stop, step expr }
	callExpr  struct {
		callee expr
		args   callArgs
	}
	filterExpr struct {
		object expr // nil in filter blocks: the block's text
		name   string
		args   callArgs
		fn     filterFunc
	}
	testExpr struct {
		object expr
		name   string
		args   callArgs
		negate bool
		fn     test
	}
	condExpr  struct{ cond, then, other expr } // other may be nil
	unaryExpr struct {
		op      string // "-", "+", "not"
		operand expr
	}
	binaryExpr struct {
		op          string
		left, right expr
	}
	logicExpr struct { // and, or
		isAnd       bool
		left, right expr
	}
	concatExpr  struct{ parts []expr }
	compareExpr struct {
		first expr
		ops   []string // == != < <= > >= in, "not in"
		rest  []expr
	}
)

// callArgs are the arguments of a call before evaluation.
type callArgs struct {
	pos        []expr
	names      []string
	named      []expr
	star, dict expr // *args and **kwargs, or nil
}

// node is a statement; exec is in exec.go.
type node interface {
	exec(f *frame) (signal, error)
}

type (
	textNode struct {
		line int
		text string
	}
	outputNode struct {
		line  int
		value expr
	}
	ifNode struct {
		line  int
		conds []expr
		then  [][]node
		other []node
	}
	forNode struct {
		line         int
		target       target
		iter, filter expr // filter may be nil
		body, other  []node
	}
	setNode struct {
		line   int
		target target
		value  expr
	}
	setBlockNode struct {
		line    int
		target  target
		filters []*filterExpr
		body    []node
	}
	macroNode struct {
		macro *macroDef
	}
	callNode struct {
		line   int
		caller *macroDef
		call   *callExpr
	}
	filterNode struct {
		line    int
		filters []*filterExpr
		body    []node
	}
	withNode struct {
		line    int
		targets []target
		values  []expr
		body    []node
	}
	scopeNode struct{ body []node } // the generation tag
	doNode    struct {
		line  int
		value expr
	}
	jumpNode struct{ signal signal }
)

type macroDef struct {
	name     string
	params   []string
	defaults []expr // for the last parameters
	body     []node
	// Jinja passes surplus arguments only to macros that mention these names.
	usesVarargs, usesKwargs, usesCaller bool
}

// target is what a for or set statement assigns to.
type target struct {
	name  string   // variable, or the namespace of attr
	attr  string   // attribute of a namespace, or ""
	items []target // unpacking; name is empty then
}
