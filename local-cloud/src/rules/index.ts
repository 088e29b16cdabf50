export { evaluateRule, type RuleTrial, type RuleTrialResult } from './evaluate-rule.ts';
export { createRulesPlugin } from './plugin.ts';
export { type PreparedMessage, type PreparedRuleOptions, prepareRule } from './prepare-rule.ts';
export { SqlError } from './sql/sql-error.ts';
export { SQL_VERSIONS, type SqlValue, type SqlVersion } from './values/value.ts';
