import { type MergedGrant, mergePermissions } from './support/merge-permissions.ts';
import { readRecords } from './support/permission-records.ts';
import { EXPECTED_DENIALS, UNUSED_BY_TESTS } from './support/unused-permissions.ts';

/**
 * `npm run check:permissions`, after the tests: each role of the platform holds exactly what the end-to-end tests used, or
 * what is known to be needed where they do not go, and was refused nothing.
 */
function main(): void {
  const { denied, roles, unused, used } = mergePermissions(readRecords(), 'fleetwright-dev-');
  const matches = (
    { action, resource, role }: MergedGrant,
    expected: { role: RegExp; action: RegExp; resource?: RegExp },
  ) => expected.role.test(role) && expected.action.test(action) && (expected.resource?.test(resource) ?? true);
  const unexplained = unused.filter((grant) => !UNUSED_BY_TESTS.some((expected) => matches(grant, expected)));
  const refused = denied.filter((grant) => !EXPECTED_DENIALS.some((expected) => matches(grant, expected)));
  const stale = UNUSED_BY_TESTS.filter((expected) => !unused.some((grant) => matches(grant, expected)));
  const show = (title: string, grants: readonly MergedGrant[]): void => {
    for (const { action, resource, role } of grants) process.stdout.write(`${title}: ${role} ${action} ${resource}\n`);
  };
  show('granted but never used', unexplained);
  show('used but not granted', refused);
  for (const { action, role, why } of stale) {
    process.stdout.write(`explained but used: ${role.source} ${action.source} (${why})\n`);
  }
  process.stdout.write(
    `${roles.length} roles: ${used.length} grants used, ${unused.length} explained or not, ${unexplained.length} never used without a reason, ${refused.length} refused\n`,
  );
  process.exit(unexplained.length + refused.length > 0 ? 1 : 0);
}

main();
