"""The story after its main job: one module for each chapter, told over HTTP as frontends would."""
