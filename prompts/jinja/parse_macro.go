package jinja

func (p *parser) macroStatement() (node, error) {
	name, err := p.identifier()
	if err != nil {
		return nil, err
	}
	def := &macroDef{name: name}
	if err := p.signature(def); err != nil {
		return nil, err
	}
	return &macroNode{def}, p.macroBody(def, "endmacro")
}

func (p *parser) callStatement(line int) (node, error) {
	def := &macroDef{name: "caller"}
	if p.isOp("(") {
		if err := p.signature(def); err != nil {
			return nil, err
		}
	}
	callee, err := p.expression(true)
	if err != nil {
		return nil, err
	}
	call, ok := callee.(*callExpr)
	if !ok {
		return nil, p.fail("expected a call")
	}
	return &callNode{line, def, call}, p.macroBody(def, "endcall")
}

// macroBody parses the body and notes which of the implicit arguments it mentions.
func (p *parser) macroBody(def *macroDef, end string) error {
	outer, loops := p.names, p.loops
	p.names, p.loops = map[string]bool{}, 0
	var err error
	def.body, err = p.body(end)
	def.usesVarargs, def.usesKwargs, def.usesCaller = p.names["varargs"], p.names["kwargs"], p.names["caller"]
	for name := range p.names {
		outer[name] = true
	}
	p.names, p.loops = outer, loops
	return err
}

func (p *parser) signature(def *macroDef) error {
	if err := p.expectOp("("); err != nil {
		return err
	}
	for !p.isOp(")") {
		if len(def.params) > 0 {
			if err := p.expectOp(","); err != nil {
				return err
			}
		}
		name, err := p.identifier()
		if err != nil {
			return err
		}
		def.params = append(def.params, name)
		if p.skipOp("=") {
			value, err := p.expression(true)
			if err != nil {
				return err
			}
			def.defaults = append(def.defaults, value)
		} else if len(def.defaults) > 0 {
			return p.fail("a parameter without default follows one with default")
		}
	}
	return p.expectOp(")")
}

// assignTarget parses a name, ns.attr (if allowed), or a tuple of names.
func (p *parser) assignTarget(attrs bool, end string) (target, error) {
	if err := p.enter(); err != nil {
		return target{}, err
	}
	defer p.leave()
	var items []target
	comma := false
	for {
		if p.isOp("=") || p.isOp(")") || p.cur().kind == kindBlockEnd || end != "" && p.isName(end) {
			break
		}
		item, err := p.oneTarget(attrs)
		if err != nil {
			return target{}, err
		}
		items = append(items, item)
		if !p.skipOp(",") {
			break
		}
		comma = true
	}
	switch {
	case len(items) == 0:
		return target{}, p.fail("expected a name to assign to, got %s", p.cur())
	case len(items) == 1 && !comma:
		return items[0], nil
	}
	return target{items: items}, nil
}

func (p *parser) oneTarget(attrs bool) (target, error) {
	if p.skipOp("(") {
		t, err := p.assignTarget(attrs, "")
		if err != nil {
			return t, err
		}
		return t, p.expectOp(")")
	}
	name, err := p.identifier()
	if err != nil {
		return target{}, err
	}
	if attrs && p.skipOp(".") {
		attr, err := p.identifier()
		return target{name: name, attr: attr}, err
	}
	switch name {
	case "true", "false", "none", "True", "False", "None":
		return target{}, p.fail("cannot assign to '%s'", name)
	}
	return target{name: name}, nil
}
