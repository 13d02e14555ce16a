import { expect } from 'chai';
import { mountPoints } from '../mounts.ts';
import { clusterPart, runningElsewhere, statesOfMounts } from '../servers/kubernetes/leftovers.ts';

describe('what a cluster leaves behind', () => {
  describe('whose a process is', () => {
    const cases: [string, string[], { state: string; part: string } | null][] = [
      [
        'a shim',
        [
          '/usr/bin/containerd-shim-runc-v2',
          '-namespace',
          'k8s.io',
          '-id',
          'abc',
          '-address',
          '/a/.stack/containerd/containerd.sock',
        ],
        { state: '/a/.stack', part: 'shim' },
      ],
      [
        'containerd',
        ['containerd', '--config', '/a/.stack/containerd/config.toml'],
        { state: '/a/.stack', part: 'containerd' },
      ],
      [
        'the kubelet',
        ['/c/bin/kube-v1.34.4', 'kubelet', '--config=/b c/.stack/kubernetes/kubelet.yaml'],
        { state: '/b c/.stack', part: 'kubelet' },
      ],
      [
        "the kubelet's supervisor",
        ['/bin/sh', '/a/stack/supervise.sh', '/a/.stack/run/kubelet.pid', '', 'kube', 'kubelet'],
        { state: '/a/.stack', part: 'supervisor' },
      ],
      [
        "the supervisor of a server that is not the cluster's",
        ['/bin/sh', '/a/stack/supervise.sh', '/a/.stack/run/redis.pid', '', 'redis-server'],
        null,
      ],
      [
        'who enforces NetworkPolicies',
        [
          '/c/bin/network-policies-v2.1.0-0a1b2c3d',
          '--kubeconfig=/a/.stack/kubernetes/network-policies.kubeconfig',
        ],
        { state: '/a/.stack', part: 'network-policies' },
      ],
      [
        'etcd',
        ['/c/bin/kube-v1.34.4', 'etcd', '--data-dir=/a/.stack/kubernetes/etcd'],
        { state: '/a/.stack', part: 'etcd' },
      ],
      [
        'kubectl, which only reads a file of ours',
        [
          '/c/bin/kube-v1.34.4',
          'kubectl',
          '--kubeconfig=/a/.stack/kubernetes/admin.kubeconfig',
          'get',
          'pods',
        ],
        null,
      ],
      [
        'tail, which follows a log of ours',
        ['tail', '-F', '/a/.stack/kubernetes/pod-logs/x.log'],
        null,
      ],
      [
        "somebody else's containerd",
        ['containerd', '--config', '/etc/containerd/config.toml'],
        null,
      ],
      [
        "somebody else's shim",
        ['/usr/bin/containerd-shim-runc-v2', '-address', '/run/containerd/containerd.sock'],
        null,
      ],
      [
        "somebody else's kubelet",
        ['/c/bin/kube-v1.34.4', 'kubelet', '--config=kubelet.yaml'],
        null,
      ],
      ['a process without a command line', [''], null],
    ];
    for (const [what, argv, expected] of cases)
      it(what, () => expect(clusterPart(argv)).to.deep.equal(expected));
  });

  describe('a cluster of another checkout', () => {
    const own = '/a/.stack';
    const other = (part: string) => ({ pid: 7, state: '/b/.stack', part });
    it('is in the way while it runs', () =>
      expect(
        runningElsewhere([other('kubelet')], own, (path) => path === '/b/.stack/secrets.json'),
      ).to.equal('/b/.stack'));
    it('is not in the way when only its containers are left', () =>
      expect(runningElsewhere([other('shim')], own, () => true)).to.equal(null));
    it('is not in the way when its folder was deleted under it, up to what mounts hold', () =>
      expect(runningElsewhere([other('kubelet')], own, (path) => path === '/b/.stack')).to.equal(
        null,
      ));
    it('is not this one', () =>
      expect(runningElsewhere([{ pid: 7, state: own, part: 'etcd' }], own, () => true)).to.equal(
        null,
      ));
  });

  it('reads the mount table, blanks included', () => {
    expect(mountPoints('tmpfs /a\\040b/x tmpfs rw 0 0\nnsfs /run/n nsfs rw 0 0\n')).to.deep.equal([
      '/a b/x',
      '/run/n',
    ]);
  });

  it('names the state folders with mounts of a cluster under them, once each, and no other folder', () => {
    const points = [
      '/a/.stack/kubernetes/kubelet',
      '/a/.stack/containerd/state/x/rootfs',
      '/b/.stack/containerd/state/netns/cni-1',
      '/c/.stack/minio/data',
      '/proc',
      '/var/lib/kubelet/pods/1',
    ];
    expect(statesOfMounts(points)).to.deep.equal(['/a/.stack', '/b/.stack']);
  });
});
