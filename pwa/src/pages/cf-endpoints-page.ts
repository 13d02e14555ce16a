import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
@customElement('cf-endpoints-page')
export class CfEndpointsPage extends CfElement { override render() { return html``; } }
