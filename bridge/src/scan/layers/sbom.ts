import type { Package } from './package.ts';

export interface SbomSubject {
  /** repository and digest of the image */
  image: string;
  digest: string;
  /** when it was made, ISO 8601 */
  at: string;
}

/** A CycloneDX 1.6 bill of materials: https://cyclonedx.org/docs/1.6/json/ */
export function sbom(
  packages: readonly Package[],
  { image, digest, at }: SbomSubject,
): Record<string, unknown> {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: at,
      component: {
        type: 'container',
        name: image,
        version: digest,
        'bom-ref': `${image}@${digest}`,
      },
      tools: { components: [{ type: 'application', name: 'creativeflow-scan' }] },
    },
    components: packages.map(({ name, version, purl, file }) => ({
      type: 'library',
      'bom-ref': purl,
      name,
      version,
      purl,
      properties: [{ name: 'creativeflow:file', value: file }],
    })),
  };
}
