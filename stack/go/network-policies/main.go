// Command network-policies makes the NetworkPolicies of a cluster into rules of its node's firewall: kube-router's
// controller of them alone, without its router, its service proxy and what those need to be built.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	syncPeriod = 10 * time.Second
	// three missed syncs, each of which takes a fraction of a second
	aliveTTL = 3*syncPeriod + 5*time.Second
)

func main() {
	config := options.NewKubeRouterConfig()
	config.EnableIPv4 = true
	config.RunFirewall = true
	config.IPTablesSyncPeriod = syncPeriod
	var healthPort uint16
	pflag.StringVar(&config.Kubeconfig, "kubeconfig", "", "how to reach the API server")
	pflag.StringVar(&config.HostnameOverride, "hostname-override", "", "name of this node")
	pflag.StringSliceVar(&config.ClusterIPCIDRs, "service-cluster-ip-range", config.ClusterIPCIDRs, "addresses of Services")
	pflag.Uint16Var(&healthPort, "health-port", 20244, "port of /healthz on 127.0.0.1, which is 200 for as long as syncs are made")
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := enforce(ctx, config, healthPort); err != nil {
		fmt.Fprintln(os.Stderr, "network-policies:", err)
		os.Exit(1)
	}
}

func enforce(ctx context.Context, config *options.KubeRouterConfig, healthPort uint16) error {
	client, err := clientFor(config.Kubeconfig)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if ctx.Err() != nil {
		return nil
	}

	iptables, ipsets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	var ipsetMutex sync.Mutex
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &ipsetMutex, iptables, ipsets)
	if err != nil {
		return err
	}
	for _, watched := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandler
	}{{pods, controller.PodEventHandler}, {namespaces, controller.NamespaceEventHandler}, {policies, controller.NetworkPolicyEventHandler}} {
		if _, err := watched.informer.AddEventHandler(watched.handler); err != nil {
			return err
		}
	}

	heartbeats := make(chan *healthcheck.ControllerHeartbeat, 10)
	failed := make(chan error, 1)
	go func() { failed <- serveHealth(healthPort, heartbeats) }()
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(heartbeats, ctx.Done(), &running)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		running.Wait()
		return nil
	}
}

func clientFor(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// serveHealth answers from the controller's heartbeats, of which it sends one at the beginning of each sync.
func serveHealth(port uint16, heartbeats <-chan *healthcheck.ControllerHeartbeat) error {
	var lock sync.Mutex
	var count int
	var last time.Time
	go func() {
		for beat := range heartbeats {
			lock.Lock()
			count++
			last = beat.LastHeartBeat
			lock.Unlock()
		}
	}()
	http.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		if age := time.Since(last); count == 0 || age > aliveTTL {
			answer.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(answer, "syncs begun: %d, the last one %s ago\n", count, age.Round(time.Second))
			return
		}
		fmt.Fprintln(answer, "ok")
	})
	return http.ListenAndServe(net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))), nil)
}
