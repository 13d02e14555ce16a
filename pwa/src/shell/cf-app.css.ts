import { css } from 'lit';

export const shell = css`
  :host {
    min-height: 100dvh;
  }
  header {
    position: sticky;
    top: 0;
    z-index: 10;
    display: flex;
    align-items: center;
    gap: var(--cf-2);
    height: 60px;
    padding: 0 max(var(--cf-5), calc((100vw - 1200px) / 2));
    background: color-mix(in srgb, var(--cf-ground) 88%, transparent);
    backdrop-filter: blur(12px);
    border-bottom: 1px solid var(--cf-line);
  }
  .brand {
    display: flex;
    align-items: center;
    gap: var(--cf-2);
    margin-right: var(--cf-4);
    color: var(--cf-ink);
    font-weight: 680;
    letter-spacing: -0.015em;
    text-decoration: none;
  }
  .brand svg {
    width: 28px;
    height: 28px;
    fill: var(--cf-accent);
    stroke: none;
  }
  .brand path {
    fill: none;
    stroke: var(--cf-accent);
    stroke-width: 2.2;
  }
  nav {
    display: flex;
    gap: 2px;
  }
  nav a {
    display: flex;
    align-items: center;
    gap: var(--cf-2);
    padding: 7px 12px;
    border-radius: var(--cf-radius);
    color: var(--cf-muted);
    font-weight: 540;
    text-decoration: none;
  }
  nav a cf-icon,
  nav .phone {
    display: none;
  }
  nav a:hover {
    color: var(--cf-ink);
    background: var(--cf-hover);
  }
  nav a[aria-current] {
    color: var(--cf-ink);
    background: light-dark(#ebebe7, #26292e);
  }
  .gap {
    flex: 1;
  }
  main {
    max-width: 1248px;
    margin: 0 auto;
    padding: var(--cf-6) var(--cf-5) var(--cf-8);
    outline: none;
  }
  main.bare {
    max-width: none;
    padding: 0;
  }
  .skip {
    position: fixed;
    top: var(--cf-2);
    left: var(--cf-4);
    z-index: 30;
    /* out of sight wherever the header stands, also below the line that says it is offline */
    translate: 0 -100vh;
  }
  .skip:focus {
    translate: none;
  }
  .lost {
    margin-top: var(--cf-4);
  }
  @media (max-width: 720px) {
    header {
      height: 54px;
      /* a filter would make the header the frame of the bar below */
      backdrop-filter: none;
      background: var(--cf-ground);
      padding: 0 var(--cf-4);
    }
    .upload {
      display: none;
    }
    nav {
      position: fixed;
      inset: auto 0 0;
      z-index: 10;
      justify-content: space-around;
      padding: 6px var(--cf-2) calc(6px + env(safe-area-inset-bottom));
      border-top: 1px solid var(--cf-line);
      background: var(--cf-surface);
    }
    nav a,
    nav .phone {
      display: flex;
      flex: 1;
      flex-direction: column;
      gap: 2px;
      padding: 5px 2px 3px;
      font-size: 11.5px;
      line-height: 1.3;
    }
    nav a cf-icon {
      display: inline-flex;
      font-size: 18px;
    }
    nav a[aria-current] {
      background: none;
      color: var(--cf-accent);
    }
    main {
      padding: var(--cf-5) var(--cf-4) 112px;
    }
  }
`;
