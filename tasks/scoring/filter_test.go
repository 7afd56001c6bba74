package scoring

import (
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func mustFilter(t *testing.T, name string, kv ...py.Value) Filter {
	t.Helper()
	f, err := NewFilter(name, py.DictOf(kv...))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNewFilterRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args *py.Dict
		want string
	}{
		{"regexp", nil, `did you mean regex?`},
		{"nonsense", nil, "Known: format_span, lowercase"},
		{"regex", args("pattern", "a"), `unknown argument "pattern"`},
		{"regex", args("regex_pattern", "("), "unterminated subpattern"},
		{"regex", args("regex_pattern", int64(3)), "regex_pattern must be text, not 3"},
		{"regex", args("group_select", "1"), "group_select must be a whole number"},
		{"take_first", args("k", int64(1)), `unknown argument "k"`},
		{"take_first_k", nil, "argument k is missing"},
		{"map", args("mapping_dict", "x"), "mapping_dict must be a mapping"},
		{"multi_choice_regex", args("regexes_to_ignore", "a"), "regexes_to_ignore must be a list of texts"},
	} {
		_, err := NewFilter(c.name, c.args)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("NewFilter(%q, %s): %v, want ... %s ...", c.name, py.Repr(c.args), err, c.want)
		}
	}
}

func TestPipelineErrorsNameTheFilter(t *testing.T) {
	first := mustFilter(t, "take_first")
	for _, c := range []struct {
		filters []Filter
		texts   []string
		want    string
	}{
		{[]Filter{first, mustFilter(t, "lowercase")}, []string{"A"}, `filter pipeline "p", lowercase: needs the list of responses but gets 'A'`},
		{[]Filter{first}, nil, "no response to take"},
		{[]Filter{mustFilter(t, "majority_vote")}, nil, "no response to vote with"},
		{[]Filter{mustFilter(t, "take_first_k", "k", int64(3))}, []string{"a"}, "takes 3 responses of a document that has 1"},
		{[]Filter{mustFilter(t, "map"), mustFilter(t, "lowercase")}, []string{"a"}, "needs texts, got None"},
		{[]Filter{mustFilter(t, "multi_choice_regex")}, []string{"a"}, "no list of choices"},
	} {
		_, err := Pipeline{Name: "p", Filters: c.filters}.Apply(Item{Doc: py.NewDict()}, c.texts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want ... %s ...", err, c.want)
		}
	}
}

// TestMatchOutOfReach: an index beyond the matches gives the fallback, since a
// model's answer must not end a run.
func TestMatchOutOfReach(t *testing.T) {
	f := mustFilter(t, "regex", "regex_pattern", `\d`, "group_select", int64(2), "fallback", "none")
	got, err := Pipeline{Filters: []Filter{f}}.Apply(Item{}, []string{"1 2", "1 2 3", ""})
	if want := []any{"none", "3", "none"}; err != nil || !py.Equal(got, want) {
		t.Errorf("got %s %v, want %s", py.Repr(got), err, py.Repr(want))
	}
}

// TestTagsWithoutAMatch: an answer without tags becomes the fallback.
func TestTagsWithoutAMatch(t *testing.T) {
	for _, c := range []struct {
		args []py.Value
		want py.Value
	}{
		{nil, []any{"invalid"}},
		{[]py.Value{"fallback", nil}, []any{"invalid"}},
		{[]py.Value{"fallback", "none"}, "none"},
	} {
		f := mustFilter(t, "regex_pos", c.args...)
		got, err := Pipeline{Filters: []Filter{f}}.Apply(Item{}, []string{"('a', 'DET'), ('b', 'NOUN')", "x"})
		if want := []any{[]any{"DET", "NOUN"}, c.want}; err != nil || !py.Equal(got, want) {
			t.Errorf("%v: got %s %v, want %s", c.args, py.Repr(got), err, py.Repr(want))
		}
	}
}

func TestTakeFirstK(t *testing.T) {
	for k, want := range map[int64][]any{1: {"a"}, 2: {"a", "b"}} {
		got, err := Pipeline{Filters: []Filter{mustFilter(t, "take_first_k", "k", k)}}.Apply(Item{}, []string{"a", "b"})
		if err != nil || !py.Equal(got, want) {
			t.Errorf("%d: got %s %v, want %s", k, py.Repr(got), err, py.Repr(want))
		}
	}
}

func TestMajorityVoteTakesFirstAmongEquals(t *testing.T) {
	got, err := Pipeline{Filters: []Filter{mustFilter(t, "majority_vote"), mustFilter(t, "take_first")}}.Apply(Item{}, []string{"c", "b", "a", "b", "a"})
	if err != nil || got != "b" {
		t.Errorf("got %v %v, want b", got, err)
	}
}

// TestFormatSpans: labels are unified, entities split, "none" left out.
func TestFormatSpans(t *testing.T) {
	got, err := Pipeline{Filters: []Filter{mustFilter(t, "format_span")}}.Apply(Item{}, []string{"Person: Ada, none$$Country: NONE\nplaces: Nairobi", "person none"})
	if want := []any{"per: ada $ loc: nairobi", ""}; err != nil || !py.Equal(got, want) {
		t.Errorf("got %s %v, want %s", py.Repr(got), err, py.Repr(want))
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		in   py.Value
		want string
	}{
		{"a", "a"}, {[]any{"a", "b"}, "a|b"}, {nil, "None"}, {int64(3), "3"}, {[]any{[]any{"x"}}, "['x']"},
	} {
		if got := strings.Join(Texts(c.in), "|"); got != c.want {
			t.Errorf("Texts(%s) = %q, want %q", py.Repr(c.in), got, c.want)
		}
	}
}
