import { registerHooks } from 'node:module';

// Given to a daemon by --import: its installation lacks the packages of OpenTelemetry.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) throw new Error(`no package ${specifier}`);
    return next(specifier, context);
  },
});
