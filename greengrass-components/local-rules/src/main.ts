import { runComponent } from '../../shared/src/run-component.ts';
import { configurationSchema } from './configuration.ts';
import { LocalRules } from './local-rules.ts';

runComponent(new LocalRules(), configurationSchema);
