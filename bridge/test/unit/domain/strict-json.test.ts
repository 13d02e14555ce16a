import { expect } from 'chai';
import { numberFault, parseStrictJson } from '../../../src/domain/strict-json.ts';

const fieldsOf = (text: string): string[] => parseStrictJson(text).faults.map(({ field }) => field);

describe('JSON at the edge', () => {
  for (const literal of [
    '0',
    '-0',
    '0.0',
    '1',
    '9007199254740991',
    '0.1',
    '0.10000000000000001',
    '1e-3',
    '1E+23',
    '2.5',
    '0.1000000000000000055511151231257827',
    '5e-324',
  ]) {
    it(`keeps the number ${literal}`, () => expect(numberFault(literal)).to.equal(null));
  }
  for (const literal of [
    '9007199254740992',
    '12345678901234567890',
    '1e999',
    '-1e999',
    '1e-999',
    '12345678901234567890.0',
    '9007199254740993.0',
    '1.2345678901234567890e19',
    '0.123456789012345678901234567891',
  ]) {
    it(`refuses the number ${literal}`, () => expect(numberFault(literal)).to.be.a('string'));
  }
  it('names the field of each fault', () => {
    expect(fieldsOf('{"a":{"b":[1,{"c":1e999}]},"d":"\\u0000"}')).to.deep.equal(['a.b.1.c', 'd']);
    expect(fieldsOf('[["\\ud800"], 1e999]')).to.deep.equal(['0.0', '1']);
    expect(fieldsOf('{"a":1,"a":2}')).to.deep.equal(['a']);
    expect(fieldsOf('{"a\\u0000":1}')).to.have.length(1);
    expect(fieldsOf('"\\udc00"')).to.deep.equal(['(body)']);
  });
  it('takes honest text for what it is', () => {
    expect(fieldsOf('{"a":"1e999 {[\\\\\\" \\ud83d\\ude00","b":["x",":"],"c":{}}')).to.deep.equal(
      [],
    );
  });
  it('says that 5,000 levels are too deep, quickly', () => {
    const deep = `{"params":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const faults = parseStrictJson(deep).faults;
    expect(faults).to.have.length(1);
    expect(faults[0]!.field).to.match(/^params/);
  });
});
