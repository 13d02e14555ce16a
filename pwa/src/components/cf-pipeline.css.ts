import { css } from 'lit';

export const pipelineStyles = css`
  :host([small]) {
    display: inline-block;
  }
  .dots {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .dots i {
    width: 8px;
    height: 8px;
    border-radius: 50%;
    border: 1.5px solid var(--cf-line-strong);
  }
  .dots i.done {
    background: var(--cf-good);
    border-color: var(--cf-good);
  }
  .dots i.running {
    border-color: var(--cf-busy);
    background: var(--cf-busy);
    animation: pulse 1.4s ease-in-out infinite;
  }
  .dots i.waiting {
    width: 10px;
    height: 10px;
    border: 2.5px solid var(--cf-wait);
    background: var(--cf-wait-soft);
  }
  .dots i.failed {
    width: 10px;
    height: 10px;
    border-radius: 2px;
    rotate: 45deg;
    background: var(--cf-bad);
    border-color: var(--cf-bad);
  }
  .dots i.ahead {
    opacity: 0.55;
  }
  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }

  .road {
    display: grid;
    grid-template-columns: repeat(8, minmax(0, 1fr));
  }
  .stop {
    position: relative;
    padding-right: var(--cf-2);
  }
  /* the line to the next stop */
  .stop:not(:last-child)::after {
    content: '';
    position: absolute;
    top: 15px;
    left: 38px;
    right: 6px;
    height: 2px;
    border-radius: 2px;
    background: var(--cf-line);
  }
  .stop.done:not(:last-child)::after {
    background: var(--cf-good);
  }
  .mark {
    display: grid;
    place-items: center;
    width: 32px;
    height: 32px;
    border-radius: 50%;
    background: var(--cf-sunken);
    color: var(--cf-muted);
    font-size: 15px;
  }
  .done .mark {
    background: var(--cf-good-soft);
    color: var(--cf-good);
  }
  .running .mark {
    background: var(--cf-busy-soft);
    color: var(--cf-busy);
  }
  .waiting .mark {
    background: var(--cf-wait-soft);
    color: var(--cf-wait);
    box-shadow: 0 0 0 2px var(--cf-wait);
  }
  .failed .mark {
    background: var(--cf-bad-soft);
    color: var(--cf-bad);
    box-shadow: 0 0 0 2px var(--cf-bad);
  }
  .ahead .mark {
    box-shadow: inset 0 0 0 1.5px var(--cf-line);
    background: transparent;
  }
  .name {
    display: block;
    margin-top: var(--cf-3);
    font-weight: 600;
    font-size: 14px;
    line-height: 1.3;
  }
  .ahead .name {
    font-weight: 450;
    color: var(--cf-muted);
  }
  .state,
  .detail {
    display: block;
    font-size: var(--cf-text-xs);
    line-height: 1.5;
    color: var(--cf-muted);
    overflow-wrap: anywhere;
  }
  .running .state {
    color: var(--cf-busy);
    font-weight: 560;
  }
  .waiting .state {
    color: var(--cf-wait);
    font-weight: 560;
  }
  .failed .state {
    color: var(--cf-bad);
    font-weight: 560;
  }

  @media (max-width: 820px) {
    .road {
      grid-template-columns: 1fr;
    }
    .stop {
      display: grid;
      grid-template-columns: 32px 1fr;
      column-gap: var(--cf-3);
      min-height: 50px;
      padding: 0 0 var(--cf-2);
    }
    .stop:not(:last-child)::after {
      top: 35px;
      bottom: 3px;
      left: 15px;
      right: auto;
      width: 2px;
      height: auto;
    }
    .words {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      column-gap: var(--cf-2);
      padding-top: 5px;
    }
    .name {
      margin: 0;
      font-size: var(--cf-text);
      min-width: 92px;
    }
    .ahead .state {
      display: none;
    }
    .state,
    .detail {
      font-size: var(--cf-text-s);
    }
  }
`;
