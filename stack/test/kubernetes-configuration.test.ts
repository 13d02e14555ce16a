import { expect } from 'chai';
import { withListenerPort, withRegistryPort } from '../servers/kubernetes/index.ts';
import { configuration } from '../servers/kubernetes/containerd.ts';
import { kubeconfigOf } from '../servers/kubernetes/pki.ts';
import { cniConfiguration, interfaceIn } from '../servers/kubernetes/pod-network.ts';

describe('configuration of the cluster', () => {
  it('finds who has an address in the pod network', () => {
    const lines =
      '1: lo    inet 127.0.0.1/8 scope host lo\n4: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\n9: cni0    inet 10.244.0.1/24 scope global cni0\n';
    expect(interfaceIn(lines, '10.244.0.1')).to.equal('cni0');
    expect(interfaceIn(lines, '10.24.0.1')).to.equal(null);
  });

  it('gives pods packets that fit the way out, and leaves the size alone where there is none', () => {
    expect(JSON.stringify(cniConfiguration('/x', 1400))).to.include('"mtu":1400');
    expect(JSON.stringify(cniConfiguration('/x', null))).not.to.include('mtu');
  });

  it('keeps everything of containerd below its folder', () => {
    const paths = [
      ...configuration('/s/containerd', 'r:1', '/s/containerd/cni').matchAll(/"(\/[^"]+)"/g),
    ].map((match) => match[1]!);
    expect(paths.filter((path) => !path.startsWith('/s/containerd'))).to.deep.equal([
      '/usr/lib/cni',
    ]);
    expect(paths).to.have.length.greaterThan(5);
  });

  it('writes a kubeconfig that needs no other file', () => {
    const config = kubeconfigOf('bridge', 'https://127.0.0.1:1', (file) => Buffer.from(file)) as {
      users: { user: Record<string, string> }[];
    };
    expect(config.users[0]!.user).to.deep.equal({
      'client-certificate-data': Buffer.from('bridge.crt').toString('base64'),
      'client-key-data': Buffer.from('bridge.key').toString('base64'),
    });
  });

  it("gives the gateway's listener the port in force, and no other port", () => {
    expect(
      withListenerPort(
        '  listeners:\n  - name: http\n    port: 18080\n  x:\n    - port: 180801\n',
        9,
      ),
    ).to.equal('  listeners:\n  - name: http\n    port: 9\n  x:\n    - port: 180801\n');
  });

  it('admits images of the registry in force', () => {
    expect(withRegistryPort('        port: 15000\n        endPort: 15032\n', 9)).to.equal(
      '        port: 9\n        endPort: 41\n',
    );
    expect(
      withRegistryPort('creativeflow.io/registry: registry.creativeflow.internal:15000', 9),
    ).to.equal('creativeflow.io/registry: registry.creativeflow.internal:9');
  });
});
