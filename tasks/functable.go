package tasks

import (
	"sync"

	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// functionTable lists every Python function that has a Go implementation.
// The hashes are of the files in lm-evaluation-harness 0.4.13.
var functionTable = sync.OnceValue(func() []*function {
	winogrande := []string{"e55327629264a98f1d383fda24645b6779afb53fa0bce2150042b9416b1ae006"}
	humaneval := []string{"5f77adbf75b4342a6113fea30168ea57b4e5c3877ffd3b4942cb338b3edb2c95"}
	squad := []string{"c0ce848b3d9792d6a701bf292bad8efad7f4621ae1efdb305e70ee82ab90e9b7"}
	truthfulqa := []string{"d3c827d1e2cd442a1e4738b527a18effd48cbb2aed478c12a652311b5ea4dbc8"}
	wikitext := []string{"a44020374b172159bf5be80a64d2c4194c9d5c77284f696ac666361338c8da7d"}
	mbpp := []string{"eecfcc264a63801d4ac478fac80b0f18c3faf16a107baf641a4fd498e81de7df"}
	agieval := []string{"d54929f3cfcae8ee7f1f0171414cb81ec19b4243ea6474d8155956beb18327d3"}
	math := []string{"8332e42f23c62043b23d74ee6d3934f997b209cd60a1ad45b7882d6b00929d5c"}
	bbh := []string{"ecc017c5c3c0a03757d94072fb74feac74406b63d2f6efa6ec68f73f8db8a9fd"}
	table := []*function{
		{folder: "hellaswag", module: "utils", name: "process_docs",
			hashes: []string{"07d23b60b28f2a4f658dcf8440623a63fe6644854ce9b846a114dde980dc1214"}, docs: mapDocs(hellaswagDoc)},

		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_text", hashes: winogrande, doc: winograndeText},
		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_target", hashes: winogrande, doc: winograndeTarget},
		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_choice", hashes: winogrande, doc: winograndeChoice},

		{folder: "humaneval", module: "utils", name: "pass_at_k", hashes: humaneval, metric: ScorePassAtK},
		{folder: "humaneval", module: "utils", name: "build_predictions", hashes: humaneval, answers: scoring.BuildPredictions},
		{folder: "humaneval", module: "utils", name: "build_predictions_instruct", hashes: humaneval, answers: scoring.BuildPredictionsInstruct},

		{folder: "mbpp", module: "utils", name: "pass_at_1", hashes: mbpp, metric: ScorePassAt1},
		{folder: "mbpp", module: "utils", name: "build_predictions", hashes: mbpp, answers: scoring.FencedCode},
		{folder: "mbpp", module: "utils", name: "list_fewshot_samples", hashes: mbpp,
			samples: &samples{path: "google-research-datasets/mbpp", config: "full", split: "prompt", pick: mbppShots}},

		{folder: "truthfulqa", module: "utils", name: "process_results_mc2", hashes: truthfulqa, process: &scoring.Process{Score: scoring.TruthfulQAMC2}},
		{folder: "toxigen", module: "utils", name: "doc_to_target",
			hashes: []string{"ee3555e7e5100a18c63a3b194003af6e2685f87949b98576ba746f6ee3f16e00"}, doc: toxigenTarget},

		{folder: "wikitext", module: "preprocess_wikitext", name: "wikitext_detokenizer", hashes: wikitext, doc: wikitextText},
		{folder: "wikitext", module: "preprocess_wikitext", name: "process_results", hashes: wikitext, process: &scoring.Process{Score: scoring.Wikitext}},

		{folder: "hendrycks_math", module: "utils", name: "process_docs", hashes: math, docs: mapDocs(mathDoc)},
		{folder: "hendrycks_math", module: "utils", name: "process_results", hashes: math, process: &scoring.Process{Score: scoring.HendrycksMath, Metrics: scoring.HendrycksMetrics, Key: scoring.HendrycksKey}},

		{folder: "agieval", module: "utils", name: "process_results_mcqa", hashes: agieval, process: &scoring.Process{Score: scoring.AGIEvalChoices}},
		{folder: "agieval", module: "utils", name: "process_results", hashes: agieval, process: &scoring.Process{Score: scoring.AGIEvalMath}},

		{folder: "squadv2", module: "task", name: "SQuAD2", hashes: squad, class: "squad_v2"},
		{folder: "squad_v2", name: "process_results", process: &scoring.Process{Score: scoring.SQuADv2, Metrics: scoring.SQuADv2Metrics}},
		{folder: "squad", name: "process_results", process: &scoring.Process{Score: scoring.SQuAD}},
		{folder: "vote", name: "maj_at_k", metric: ScoreMajAtK},
		{folder: "quac", name: "process_docs", docs: quacDocs},
		{folder: "quac", name: "process_results", process: &scoring.Process{Score: scoring.QuAC}},
	}
	for _, folder := range []string{"zeroshot", "cot_zeroshot"} {
		for _, name := range []string{"MultiChoiceRegexFilter", "MapRegexFilter", "NumberParseRegexFilter", "WordSortFilter"} {
			table = append(table, &function{folder: folder, module: "utils", name: name, hashes: bbh, filter: "bbh." + name})
		}
	}
	return table
})
