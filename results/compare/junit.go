package compare

import (
	"encoding/xml"
	"fmt"
	"io"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"` // seconds; comparing takes none
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
}

// WriteJUnit writes the report as JUnit XML, a suite for each run: a test case
// for each gate, or without gates one for each task and group, which fails
// where the run is worse and is skipped where the two are not comparable.
func (r Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "llamaeval"}
	for _, run := range r.Runs {
		s := junitSuite{Name: run.Name}
		if len(r.Gates) > 0 {
			s.Cases = r.gateCases(run)
		} else {
			s.Cases = r.taskCases(run)
		}
		s.Tests = len(s.Cases)
		for _, c := range s.Cases {
			if c.Failure != nil {
				s.Failures++
			}
			if c.Skipped != nil {
				s.Skipped++
			}
		}
		all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r Report) gateCases(run *Run) []junitCase {
	var out []junitCase
	for _, j := range r.Gates {
		if j.Run != run.Name {
			continue
		}
		c := junitCase{Class: "llamaeval.gates", Name: j.Expression, Time: "0"}
		if j.Passed {
			c.Output = j.Reason
		} else {
			c.Failure = &junitMessage{j.Reason, "gate"}
		}
		out = append(out, c)
	}
	return out
}

func (r Report) taskCases(run *Run) []junitCase {
	var out []junitCase
	for _, p := range r.of(run) {
		if !p.Primary {
			continue
		}
		c := junitCase{Class: "llamaeval." + p.Kind, Name: p.Task, Time: "0"}
		switch p.Verdict {
		case Worse:
			c.Failure = &junitMessage{p.summary(), p.Verdict}
		case NotComparable:
			c.Skipped = &junitMessage{Message: words(p.Verdict) + ": " + p.Reason}
		default:
			c.Output = p.summary()
		}
		out = append(out, c)
	}
	return out
}

// summary is the pair in one line.
func (p Pair) summary() string {
	text := fmt.Sprintf("%s: %s %s", words(p.Verdict), p.Metric, signed(*p.Difference))
	if p.CILow != nil {
		text += fmt.Sprintf(", 95%% interval %s to %s", signed(*p.CILow), signed(*p.CIHigh))
	}
	return text + fmt.Sprintf(", n %d, p %s", p.N, probability(p.PHolm))
}
