import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { cloudCoverage } from './cloud-coverage.ts';
import { localServicesPage } from './local-services-page.ts';

test('docs/local-services.md says what the local cloud takes', async () => {
  const { resourceTypes } = await cloudCoverage();
  expect(new Set(resourceTypes.map(({ type }) => type)).size).toBe(resourceTypes.length);
  // `npm run conformance` writes it.
  expect(readFileSync(join(PROJECT_ROOT, 'docs/local-services.md'), 'utf8')).toBe(localServicesPage(resourceTypes));
});
