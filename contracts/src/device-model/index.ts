export * from './alert-rules.ts';
export * from './evaluate-rules.ts';
export * from './life-report.ts';
export * from './model.ts';
export * from './play.ts';
export * from './remaining-life.ts';
export { leafPaths, mergeSection, sectionOf } from './sections.ts';
export type { Point } from './theil-sen.ts';
export * from './what-if.ts';
