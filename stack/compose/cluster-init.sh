#!/bin/sh
# What the product needs of the cluster, and a kubeconfig with limited rights for the bridge and one for the gateway. Can be run again.
set -eu
GATEWAY_API=v1.4.0
folder=/run/creativeflow
admin=/etc/rancher/k3s/k3s.yaml
export KUBECONFIG=$admin

kubectl apply --server-side --force-conflicts -f "https://github.com/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API/standard-install.yaml"
kubectl wait --for=condition=Established --timeout=60s crd/httproutes.gateway.networking.k8s.io crd/gateways.gateway.networking.k8s.io crd/gatewayclasses.gateway.networking.k8s.io
kubectl apply --server-side --force-conflicts -k /work/stack/compose/kubernetes
kubectl wait --for=condition=Ready --timeout=120s node --all

# eight GPUs as an extended resource; the kubelet forgets them at its start
node=$(kubectl get nodes -o name | head -n1)
for kind in capacity allocatable; do
  kubectl patch "$node" --subresource=status --type=json -p "[{\"op\":\"add\",\"path\":\"/status/$kind/nvidia.com~1gpu\",\"value\":\"8\"}]"
done

for user in bridge gateway; do
  file=$folder/$user.kubeconfig
  token=$(kubectl create token "creativeflow-$user" -n mlops-gateway --duration=8760h)
  kubectl config view --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d > /tmp/ca.crt
  rm -f "$file.new"
  kubectl --kubeconfig "$file.new" config set-cluster local --server=https://127.0.0.1:6443 --certificate-authority=/tmp/ca.crt --embed-certs
  kubectl --kubeconfig "$file.new" config set-credentials "$user" --token="$token"
  kubectl --kubeconfig "$file.new" config set-context local --cluster=local --user="$user"
  kubectl --kubeconfig "$file.new" config use-context local
  chmod 644 "$file.new"
  mv "$file.new" "$file"
done

# the first pod brings the pod bridge, on whose address the bridge listens for builds
kubectl -n kube-system rollout status deployment/coredns --timeout=180s
