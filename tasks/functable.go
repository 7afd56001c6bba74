package tasks

import "sync"

// functionTable lists every Python function that has a Go implementation.
// The hashes are of the files in lm-evaluation-harness 0.4.13.
var functionTable = sync.OnceValue(func() []*function {
	winogrande := []string{"e55327629264a98f1d383fda24645b6779afb53fa0bce2150042b9416b1ae006"}
	humaneval := []string{"5f77adbf75b4342a6113fea30168ea57b4e5c3877ffd3b4942cb338b3edb2c95"}
	squad := []string{"c0ce848b3d9792d6a701bf292bad8efad7f4621ae1efdb305e70ee82ab90e9b7"}
	return []*function{
		{folder: "hellaswag", module: "utils", name: "process_docs",
			hashes: []string{"07d23b60b28f2a4f658dcf8440623a63fe6644854ce9b846a114dde980dc1214"}, docs: mapDocs(hellaswagDoc)},

		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_text", hashes: winogrande, doc: winograndeText},
		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_target", hashes: winogrande, doc: winograndeTarget},
		{folder: "winogrande", module: "preprocess_winogrande", name: "doc_to_choice", hashes: winogrande, doc: winograndeChoice},

		{folder: "humaneval", module: "utils", name: "pass_at_k", hashes: humaneval, scoring: ScorePassAtK},
		{folder: "humaneval", module: "utils", name: "build_predictions", hashes: humaneval, scoring: FilterBuildPredictions},
		{folder: "humaneval", module: "utils", name: "build_predictions_instruct", hashes: humaneval, scoring: FilterBuildPredictionsInstruct},

		{folder: "squadv2", module: "task", name: "SQuAD2", hashes: squad, class: "squad_v2"},
		{folder: "squad_v2", name: "process_results", scoring: ScoreSquadV2},
	}
})
