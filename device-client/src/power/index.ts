export { explainPowerPlan } from './explain-power-plan.ts';
export { PowerFeature, type PowerFeatureOptions } from './power-feature.ts';
export { type PowerBudget, type PowerPlan, powerPlan, replan } from './power-plan.ts';
