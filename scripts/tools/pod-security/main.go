// Says which pods the API server would refuse under the Pod Security Standard "restricted", by its own code.
//
//	pod-security <pods.json
//
// The input is an array of pods or objects with a pod template, as {"kind", "metadata", "spec"}. Each
// refusal is a line on standard output: kind, name and reason. Exit status 1 when there is one.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type object struct {
	Kind     string            `json:"kind"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     json.RawMessage   `json:"spec"`
}

type workload struct {
	Template *corev1.PodTemplateSpec `json:"template"`
}

// podOf yields the pod that an object is or makes; nil when it makes none.
func podOf(each object) (*metav1.ObjectMeta, *corev1.PodSpec, error) {
	if each.Kind == "Pod" {
		spec := &corev1.PodSpec{}
		return &each.Metadata, spec, json.Unmarshal(each.Spec, spec)
	}
	found := workload{}
	if len(each.Spec) == 0 || json.Unmarshal(each.Spec, &found) != nil || found.Template == nil {
		return nil, nil, nil
	}
	return &found.Template.ObjectMeta, &found.Template.Spec, nil
}

func run() (refused bool, err error) {
	objects := []object{}
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return false, err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return false, err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	pods := 0
	for _, each := range objects {
		metadata, spec, err := podOf(each)
		if err != nil {
			return false, err
		}
		if spec == nil {
			continue
		}
		pods++
		answer := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, metadata, spec))
		if !answer.Allowed {
			refused = true
			fmt.Printf("%s %s: %s\n", each.Kind, each.Metadata.Name, answer.ForbiddenDetail())
		}
	}
	fmt.Printf("%d pods looked at\n", pods)
	return refused, nil
}

func main() {
	refused, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if refused {
		os.Exit(1)
	}
}
