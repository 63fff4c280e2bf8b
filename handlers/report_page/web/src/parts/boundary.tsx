// Keep an error in one part of the page from ending the others.

import { Component, type ComponentChildren } from "preact";

interface Properties {
  children: ComponentChildren;
}

export class Boundary extends Component<Properties, { message: string }> {
  override state = { message: "" };

  static override getDerivedStateFromError(error: unknown) {
    return { message: String(error) };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  override render() {
    const { message } = this.state;
    if (!message) return <>{this.props.children}</>;
    return (
      <p class="nothing" role="alert">
        This part cannot be shown: {message}. Please report it, with the page if you may share it.
      </p>
    );
  }
}
