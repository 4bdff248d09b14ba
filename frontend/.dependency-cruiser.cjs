/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'features-are-islands',
      severity: 'error',
      comment: 'compose features in app/',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/([^/]+)/', pathNot: '^src/features/$1/' },
    },
    {
      name: 'only-viewer-touches-cornerstone',
      severity: 'error',
      from: { pathNot: '^src/viewer/' },
      to: { path: 'node_modules/@cornerstonejs|^@cornerstonejs' },
    },
    { name: 'ui-is-leaf', severity: 'error', from: { path: '^src/ui/' }, to: { path: '^src/(features|app|api|viewer)/' } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'tests may bring their own tools; compression is the one library the byte formats stand on',
      from: { path: '^src/domain/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^src/domain/|^node_modules/fflate/' },
    },
    { name: 'nobody-imports-app', severity: 'error', from: { pathNot: '^src/app/' }, to: { path: '^src/app/' } },
    { name: 'all-found', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '\\.css$' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'browser', 'types', 'default'] },
    doNotFollow: { path: 'node_modules' },
  },
};
