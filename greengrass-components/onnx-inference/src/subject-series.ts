import { inferenceSubjectSchema, type ModelManifest } from '@fleetwright/contracts';

const PREFIX = '{subject}_';

type Inputs = ModelManifest['inputs'];

/** The series of a role, for a subject. */
export function seriesOf(pattern: string, subject: string): string {
  return pattern.startsWith(PREFIX) ? `${subject}_${pattern.slice(PREFIX.length)}` : pattern;
}

/** Whether a series can be one of the inputs of a model. */
export function isInput(inputs: Inputs, series: string): boolean {
  return Object.values(inputs).some(({ series: pattern }) =>
    pattern.startsWith(PREFIX) ? subjectOf(pattern, series) !== undefined : pattern === series,
  );
}

/** Subjects of which all series are known, in the order of their names. */
export function subjectsOf(inputs: Inputs, known: ReadonlySet<string>): string[] {
  const patterns = Object.values(inputs).map(({ series }) => series);
  const first = patterns.find((pattern) => pattern.startsWith(PREFIX));
  if (first === undefined) return [];
  const subjects: string[] = [];
  for (const series of known) {
    const subject = subjectOf(first, series);
    if (subject === undefined) continue;
    const ofSubject = patterns.filter((pattern) => pattern.startsWith(PREFIX));
    if (ofSubject.every((pattern) => known.has(seriesOf(pattern, subject)))) subjects.push(subject);
  }
  return subjects.sort();
}

function subjectOf(pattern: string, series: string): string | undefined {
  const ending = pattern.slice(PREFIX.length - 1);
  if (!series.endsWith(ending)) return undefined;
  const subject = series.slice(0, -ending.length);
  return inferenceSubjectSchema.safeParse(subject).success ? subject : undefined;
}
