/**
 * Which messages of a batch a function reports as failed, with `ReportBatchItemFailures` (developer guide, "Reporting
 * batch item failures", success and failure conditions): null, an empty object and an empty or null list are a full
 * success; an answer that is no JSON object or list where one belongs, an identifier that is empty, null, under
 * another name or not of this batch is a full failure.
 */
export function failedMessages(payload: string, messageIds: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return 'all';
  }
  if (answer === null || answer === '') return new Set();
  if (typeof answer !== 'object' || Array.isArray(answer)) return 'all';
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof id !== 'string' || !messageIds.has(id)) return 'all';
    failed.add(id);
  }
  return failed;
}
