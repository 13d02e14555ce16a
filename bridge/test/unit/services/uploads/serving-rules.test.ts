import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { RegisterUploads, UploadMetadata } from '../../../../src/contract/requests.ts';
import { servingFaults } from '../../../../src/contract/serving.ts';
import { Invalid } from '../../../../src/errors.ts';
import { parseMetadata } from '../../../../src/services/uploads/multipart-upload.ts';

interface Cases {
  accepted: unknown[];
  refused: { serving: unknown; field: string }[];
}
const table = new URL(
  '../../../../../odoo_addon/creativeflow_mlops/tests/model/serving_cases.json',
  import.meta.url,
);
const { accepted, refused } = JSON.parse(readFileSync(table, 'utf8')) as Cases;
const metadata = (serving: unknown): object => ({ name: 'digits', version: '1.0.0', serving });
const uploads = { modelFile: 'a', dockerfile: 'b' };

describe('what a version may ask of the cluster', () => {
  for (const serving of accepted) {
    it(`${JSON.stringify(serving).slice(0, 80)} is accepted at both entrances, and kept as it is`, () => {
      expect(servingFaults(serving)).to.deep.equal([]);
      expect(parseMetadata(JSON.stringify(metadata(serving))).serving).to.deep.equal(serving);
      expect(
        RegisterUploads.parse({ metadata: metadata(serving), uploads }).metadata.serving,
      ).to.deep.equal(serving);
    });
  }

  for (const { serving, field } of refused) {
    it(`${JSON.stringify(serving).slice(0, 80)} is refused at both entrances, naming ${field}`, () => {
      expect(servingFaults(serving).map((fault) => fault.field)).to.deep.equal([field]);
      const thrown = (): unknown => {
        try {
          return parseMetadata(JSON.stringify(metadata(serving)));
        } catch (error) {
          return error;
        }
      };
      const error = thrown();
      expect(error).to.be.instanceOf(Invalid);
      expect((error as Invalid).errors?.map((one) => one.field)).to.deep.equal([
        `metadata.${field}`,
      ]);
      const parsed = RegisterUploads.safeParse({ metadata: metadata(serving), uploads });
      expect(parsed.error?.issues.map(({ path }) => path.join('.'))).to.deep.equal([
        `metadata.${field}`,
      ]);
    });
  }

  it('names each field that is wrong', () => {
    const parsed = UploadMetadata.safeParse(metadata({ port: 0, memory: '2GB', memroy: '2Gi' }));
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).to.deep.equal([
      'serving.port',
      'serving.memory',
      'serving.memroy',
    ]);
  });
});
