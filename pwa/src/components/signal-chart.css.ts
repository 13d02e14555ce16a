import { css } from 'lit';

export const signalStyles = css`
  .signals {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr));
    gap: var(--cf-3) var(--cf-5);
  }
  .signal {
    min-width: 0;
    font-size: var(--cf-text-s);
  }
  .signal .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 var(--cf-3);
    margin: 0;
    font-size: inherit;
  }
  .signal .name {
    font-weight: 560;
  }
  .standing {
    display: inline-flex;
    align-items: center;
    gap: 3px;
    color: var(--cf-muted);
  }
  .standing cf-icon {
    font-size: 12px;
  }
  .standing.good {
    color: var(--cf-good);
  }
  .standing.wait {
    color: var(--cf-wait);
  }
  .standing.bad {
    color: var(--cf-bad);
    font-weight: 600;
  }
  .chart {
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(0, 1fr) max-content;
    grid-auto-rows: 20px;
    align-items: center;
    column-gap: var(--cf-2);
    padding-bottom: 18px;
  }
  .who {
    grid-column: 1;
    max-width: 90px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--cf-muted);
  }
  .value {
    grid-column: 3;
    min-width: 52px;
    text-align: right;
  }
  .bars {
    grid-column: 2;
    grid-row: 1 / span 2;
    align-self: start;
    display: block;
    width: 100%;
    height: 40px;
    overflow: visible;
  }
  .one .bars {
    grid-row: 1;
    height: 20px;
  }
  .signal text {
    font-size: var(--cf-text-xs);
    fill: var(--cf-muted);
  }
  .bars .bad,
  .trend circle.bad {
    fill: var(--cf-bad);
  }
  .bars .cut {
    stroke: var(--cf-surface);
    stroke-width: 2;
  }
  .bars .limit {
    stroke: var(--cf-ink);
    stroke-width: 2;
  }
  .trend {
    display: block;
    width: 100%;
    height: 80px;
    overflow: visible;
  }
  .trend line {
    stroke-width: 2;
  }
  .trend .canary {
    stroke: var(--cf-accent);
  }
  .trend circle.canary {
    fill: var(--cf-accent);
    stroke: none;
  }
  .trend circle.bad {
    fill: var(--cf-bad);
  }
  .trend .stable {
    stroke: var(--cf-line-strong);
  }
  .trend .limit {
    stroke: var(--cf-ink);
    stroke-width: 1.5;
    stroke-dasharray: 2 4;
  }
  .key {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--cf-4);
    margin: 0;
    color: var(--cf-muted);
  }
  .key span::before {
    content: '';
    display: inline-block;
    width: 16px;
    margin-right: 5px;
    vertical-align: middle;
    border-top: 2px solid var(--cf-accent);
  }
  .key .stable::before {
    border-color: var(--cf-line-strong);
  }
  .key .limit::before {
    border-top: 2px dotted var(--cf-ink);
  }
`;
