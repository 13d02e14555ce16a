import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
@customElement('cf-endpoint-page')
export class CfEndpointPage extends CfElement { override render() { return html``; } }
