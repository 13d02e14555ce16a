import { expect } from 'chai';
import { sarif } from '../../../src/scan/sarif.ts';
import { scanFiles } from './scan-bytes.ts';
import { global, pickle, text } from './pickle-assembler.ts';

interface Log {
  version: string;
  runs: {
    tool: { driver: { rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region?: Record<string, number> };
      }[];
    }[];
    properties: Record<string, unknown>;
  }[];
}

describe('scan: SARIF', () => {
  const result = scanFiles([
    { name: 'my model.pkl', bytes: pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE') },
    { name: 'Dockerfile', bytes: 'FROM python:latest\nUSER 5\n', kind: 'dockerfile' },
  ]);
  const log = sarif(result) as unknown as Log;

  it('names each rule once, with the result pointing at it', () => {
    const [run] = log.runs;
    expect(log.version).to.equal('2.1.0');
    expect(run!.results).to.have.length(result.findings.length);
    for (const one of run!.results)
      expect(run!.tool.driver.rules[one.ruleIndex]!.id).to.equal(one.ruleId);
    expect(run!.properties).to.include({ verdict: 'block' });
  });

  it('says where: the byte in a pickle, the line in a Dockerfile; and how bad', () => {
    const of = (rule: string) => log.runs[0]!.results.find((one) => one.ruleId === rule)!;
    expect(of('pickle-global-blocked').level).to.equal('error');
    expect(of('pickle-global-blocked').locations[0]!.physicalLocation).to.deep.equal({
      artifactLocation: { uri: 'my%20model.pkl' },
      region: { byteOffset: 2 },
    });
    expect(of('docker-unpinned-image').locations[0]!.physicalLocation.region).to.deep.equal({
      startLine: 1,
      startColumn: 1,
    });
  });
});
