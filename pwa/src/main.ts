import './shell/cf-app.ts';
