/**
 * Imports point one way: main → app → compose → {http, ws, jobs, relay} → services → domain → contract.
 * Adapters know ports, domain, contract and errors; the scanner knows nothing of the rest.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const SRC = '^bridge/src/';
const ROOT = `${SRC}(main|app|config|log|clock|compose/[a-z-]*)\\.ts$`;

/**
 * Within our own sources, `from` may import what matches one of `to`; anything else is an error.
 */
const only = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: SRC, pathNot: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one file, or lack a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' }, // those are made by Vite
    },
    {
      name: 'not-to-tests',
      severity: 'error',
      comment: 'What ships does not lean on tests.',
      from: { path: SRC },
      to: { path: '^(bridge/test|stack|e2e|bench|demo|pwa)/' },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      comment: 'main.ts starts the program; nothing builds on it.',
      from: {},
      to: { path: `${SRC}main\\.ts$` },
    },
    only(
      'main',
      `${SRC}main\\.ts$`,
      [`${SRC}(app|config|last-resort|log)\\.ts$`],
      'main reads the environment and starts the app.',
    ),
    only(
      'contract',
      `${SRC}contract/`,
      [`${SRC}contract/`],
      'What crosses a wire depends on nothing; the web app imports it.',
    ),
    only('errors', `${SRC}errors\\.ts$`, ['(?!)'], 'The tree of errors depends on nothing.'),
    only(
      'domain',
      `${SRC}domain/`,
      [`${SRC}(domain|contract)/`, `${SRC}errors\\.ts$`],
      'Decisions are pure and know only what crosses a wire.',
    ),
    only(
      'services',
      `${SRC}services/(?!scans/)`,
      [`${SRC}(services|domain|contract)/`, `${SRC}errors\\.ts$`],
      'Use cases know ports, never a driver, a router or a queue.',
    ),
    only(
      'scans',
      `${SRC}services/scans/`,
      [`${SRC}(services|domain|contract|scan)/`, `${SRC}errors\\.ts$`],
      'The scan use cases run the scanner.',
    ),
    only(
      'adapters',
      `${SRC}adapters/`,
      [`${SRC}(adapters|domain|contract)/`, `${SRC}errors\\.ts$`, `${SRC}services/ports/`],
      'An adapter implements a port; it calls no use case.',
    ),
    {
      name: 'adapters-apart',
      severity: 'error',
      comment: 'One folder, one outside thing.',
      from: { path: `${SRC}adapters/([^/]+)/` },
      to: { path: `${SRC}adapters/`, pathNot: [`${SRC}adapters/$1/`] },
    },
    only(
      'edges',
      `${SRC}(http|ws|jobs|relay)/`,
      [`${SRC}(http|ws|jobs|relay|services|domain|contract)/`, `${SRC}errors\\.ts$`],
      'Edges know use cases, not adapters and not the composition.',
    ),
    {
      name: 'scanner-for-scans-only',
      severity: 'error',
      comment: 'Only the scan use cases run the scanner.',
      from: { path: SRC, pathNot: [`${SRC}(scan|services/scans)/`] },
      to: { path: `${SRC}scan/` },
    },
    only(
      'scan',
      `${SRC}scan/`,
      [`${SRC}scan/`, `${SRC}contract/serving\\.ts$`],
      'The scanner is a library of its own; labels of a Dockerfile are held to the rules of an upload.',
    ),
    {
      name: 'composition-at-the-top',
      severity: 'error',
      comment: 'Configuration, log and clock are handed in.',
      from: { path: SRC, pathNot: [ROOT] },
      to: { path: ROOT },
    },
    {
      name: 'drivers-in-adapters',
      severity: 'error',
      comment: 'A library of an outside thing is wrapped by its adapter.',
      from: { path: SRC, pathNot: [`${SRC}adapters/`, `${SRC}compose/`] },
      to: { path: 'node_modules/(minio|pg|bull|ioredis|odoo-await|undici|@kubernetes)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
