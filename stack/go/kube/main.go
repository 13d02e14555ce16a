// Command kube is every Kubernetes program of one node in one binary: the first
// argument picks the program, the rest are that program's own arguments. One binary
// links the shared code once, which saves four of five minutes of building.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kube etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|kube-proxy|kubectl [ARGUMENT…]")
		os.Exit(2)
	}
	program := os.Args[1]
	os.Args = os.Args[1:]
	if program == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	command, known := commandFor(program)
	if !known {
		fmt.Fprintf(os.Stderr, "kube: no program named %q\n", program)
		os.Exit(2)
	}
	os.Exit(cli.Run(command))
}

func commandFor(program string) (*cobra.Command, bool) {
	switch program {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand(), true
	case "kube-controller-manager":
		return controllermanager.NewControllerManagerCommand(), true
	case "kube-scheduler":
		return scheduler.NewSchedulerCommand(), true
	case "kubelet":
		// the command listens for signals itself, and a process may do that only once
		return kubelet.NewKubeletCommand(context.Background()), true
	case "kube-proxy":
		return proxy.NewProxyCommand(), true
	case "kubectl":
		return kubectl.NewDefaultKubectlCommand(), true
	}
	return nil, false
}
